// Label selectors as text: `app=web,tier in (a,b),!old,size>3`. Read token by token, with the errors that kubectl's users know.
import { labelValue, qualified } from './names.ts';
import { type LabelOperator, type LabelRequirement, Selector } from './selectors.ts';
import { StatusError } from './status.ts';

const charactersMax = 64 * 1024;
const tokens = /[ \t\r\n]*(==|!=|[=!,()<>]|[^ \t\r\n=!,()<>]+)/gy;
const binaryOperators: Record<string, LabelOperator> = { in: 'in', notin: 'notin', '=': '=', '==': '=', '!=': '!=', '>': 'gt', '<': 'lt' };
/** @throws StatusError BadRequest naming the part that is wrong */
export function parseLabelSelector(text: string): Selector {
  if (text.length > charactersMax) throw unreadable(`the selector is longer than ${charactersMax} characters`);
  const found = [...text.matchAll(tokens)].map((match) => match[1] ?? '');
  const requirements: LabelRequirement[] = [];
  const reader = new Reader(found);
  while (!reader.isAtEnd) {
    if (!reader.isName && reader.next !== '!')
      throw StatusError.badRequest(`found '${reader.next}', expected: !, identifier, or 'end of string'`);
    requirements.push(checked(reader.requirement()));
    if (reader.isAtEnd) break;
    const separator = reader.take();
    if (separator !== ',') throw StatusError.badRequest(`found '${separator}', expected: ',' or 'end of string'`);
    if (!reader.isName && reader.next !== '!') throw StatusError.badRequest(`found '${reader.next}', expected: identifier after ','`);
  }
  return new Selector(requirements);
}

class Reader {
  readonly #tokens: string[];
  #at = 0;

  constructor(all: string[]) {
    this.#tokens = all;
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#tokens.length;
  }

  /** '' at the end. */
  get next(): string {
    return this.#tokens[this.#at] ?? '';
  }

  get isName(): boolean {
    return /^[^=!,()<>]/.test(this.next);
  }

  take(): string {
    const token = this.next;
    this.#at++;
    return token;
  }

  requirement(): LabelRequirement {
    if (this.next === '!') {
      this.take();
      return { key: this.#key(), operator: '!', values: [] };
    }
    const key = this.#key();
    if (this.isAtEnd || this.next === ',') return { key, operator: 'exists', values: [] };
    const word = this.take();
    const operator = Object.hasOwn(binaryOperators, word) ? binaryOperators[word] : undefined;
    if (!operator) throw unreadable(`found '${word}', expected: in, notin, =, ==, !=, gt, lt`);
    return { key, operator, values: operator === 'in' || operator === 'notin' ? this.#values() : [this.#value()] };
  }

  /** What is wrong with it comes before whatever follows. */
  #key(): string {
    if (!this.isName) throw unreadable(`found '${this.next}', expected: identifier`);
    const key = this.take();
    const [problem] = describe('<nil>', key, qualified(key));
    if (problem) throw unreadable(problem);
    return key;
  }

  #value(): string {
    if (this.isAtEnd || this.next === ',') return '';
    if (!this.isName) throw unreadable(`found '${this.next}', expected: identifier`);
    return this.take();
  }

  #values(): string[] {
    const opening = this.take();
    if (opening !== '(') throw unreadable(`found '${opening}' expected: '('`);
    const first = this.next;
    if (first === ')') {
      this.take();
      return [''];
    }
    if (!this.isName && first !== ',') throw unreadable(`found '${first}', expected: ',', ')' or identifier`);
    const values = this.#list();
    if (this.take() !== ')') throw unreadable(`found '${first}', expected: ')'`);
    return [...values].sort();
  }

  /** Up to its closing parenthesis: a comma with nothing beside it stands for an empty value. */
  #list(): Set<string> {
    const values = new Set<string>();
    while (true) {
      const isName = this.isName;
      const token = this.take();
      if (isName) {
        values.add(token);
        if (this.next === ')') return values;
        if (this.next !== ',') throw unreadable(`found '${this.next}', expected: ',' or ')'`);
      } else if (token === ',') {
        if (values.size === 0 || this.next === ',' || this.next === ')') values.add('');
        if (this.next === ')') return values;
      } else throw unreadable(`found '${token}', expected: ',', or identifier`);
    }
  }
}

/** @throws StatusError BadRequest with everything that is wrong with its values */
function checked(requirement: LabelRequirement): LabelRequirement {
  const { key, operator, values } = requirement;
  const problems: string[] = [];
  for (const [i, value] of values.entries()) {
    if ((operator === 'gt' || operator === 'lt') && !/^[+-]?\d{1,18}$/.test(value)) {
      problems.push(...describe(`values[${i}]`, value, ["for 'Gt', 'Lt' operators, the value must be an integer"]));
    }
  }
  for (const [i, value] of values.entries()) problems.push(...describe(`values[${i}][${key}]`, value, labelValue(value)));
  const distinct = [...new Set(problems)];
  if (distinct.length > 0) throw unreadable(distinct.length === 1 ? (distinct[0] ?? '') : `[${distinct.join(', ')}]`);
  return requirement;
}

function describe(path: string, value: string, reasons: string[]): string[] {
  return reasons.length === 0 ? [] : [`${path}: Invalid value: ${JSON.stringify(value)}: ${reasons.join('; ')}`];
}

/** Of one requirement; what stands between them is told without this. */
function unreadable(detail: string): StatusError {
  return StatusError.badRequest(`unable to parse requirement: ${detail}`);
}
