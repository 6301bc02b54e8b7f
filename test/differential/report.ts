// What a run found: the differences in groups of a kind, with how often each was seen and the request that shows it first.
import type { Request } from './api-server.ts';
import type { Difference } from './compare.ts';
import { knownDifferences } from './known-differences.ts';

export interface Sighting {
  kind: string;
  verb: string;
  /** Which scenario shows it: `--only` runs it alone. */
  number: number;
  request: Request;
  difference: Difference;
}

interface Group {
  count: number;
  first: Sighting;
  kinds: Set<string>;
}

const shownMax = 700;

export class Report {
  requests = 0;
  /** Those with a difference that is not named. */
  differing = 0;
  /** Of a run that is looked at request by request: each with all that differs. */
  readonly sightings: { kind: string; verb: string; number: number; request: Request; differences: Difference[] }[] = [];
  readonly #groups = new Map<string, Group>();
  readonly #known = new Map<string, number>();

  add(kind: string, verb: string, number: number, request: Request, differences: Difference[]): void {
    this.requests++;
    const unnamed = differences.filter((difference) => !this.#isKnown(difference, kind, verb));
    if (unnamed.length > 0) this.differing++;
    if (unnamed.length > 0) this.sightings.push({ kind, verb, number, request, differences: unnamed });
    for (const difference of unnamed) {
      const key = keyOf(difference);
      const group = this.#groups.get(key) ?? { count: 0, first: { kind, verb, number, request, difference }, kinds: new Set() };
      group.count++;
      group.kinds.add(`${kind} ${verb}`);
      this.#groups.set(key, group);
    }
  }

  #isKnown(difference: Difference, kind: string, verb: string): boolean {
    const known = knownDifferences.find(({ matches }) => matches(difference, { kind, verb }));
    if (known) this.#known.set(known.words, (this.#known.get(known.words) ?? 0) + 1);
    return known !== undefined;
  }

  text(): string {
    const groups = [...this.#groups.values()].sort((a, b) => b.count - a.count);
    const named = [...this.#known].map(([words, count]) => `  ${count} × ${words}`);
    const lines = [
      `${this.requests} requests; ${this.differing} differ in what docs/differences.md does not name, ${groups.length} groups`,
    ];
    if (named.length > 0) lines.push('named there:', ...named);
    return [...lines, ...groups.map(groupText)].join('\n');
  }
}

/** Quoted values, numbers and positions vary within a group. */
function keyOf({ at, kubernetes, berth }: Difference): string {
  const shape = (value: unknown) =>
    (value === undefined ? '-' : typeof value === 'string' ? value : JSON.stringify(value))
      .slice(0, 300)
      .replace(/"([^"\\]|\\.)*"/g, '"…"')
      .replace(/\[[^\]]*\]/g, '[*]')
      .replace(/\d+/g, 'N');
  if (at.startsWith('object'))
    return `${at.replace(/<[^>]*>|"[^"]*"/g, '*')} ${kubernetes === undefined ? '-' : '+'}${berth === undefined ? '-' : '+'}`;
  return `${at} ${shape(kubernetes)} ${shape(berth)}`;
}

function groupText({ count, first, kinds }: Group): string {
  const show = (value: unknown) => (value === undefined ? '(absent)' : JSON.stringify(value)).slice(0, shownMax);
  const { number, request, difference } = first;
  const places = [...kinds].slice(0, 4).join(', ');
  const body = request.body === undefined ? '' : ` ${JSON.stringify(request.body).slice(0, 1500)}`;
  return [
    `\n${count} × ${difference.at}   in ${places}${kinds.size > 4 ? ` and ${kinds.size - 4} more` : ''}`,
    `  Kubernetes: ${show(difference.kubernetes)}`,
    `  Berth:      ${show(difference.berth)}`,
    `  #${number} ${request.method} ${request.path} ${request.contentType ?? ''}${body}`,
  ].join('\n');
}
