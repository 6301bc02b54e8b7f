// JSON values: parsing that cannot be turned against us, copying and comparing.
import { duplicateFields, memberCount } from './duplicate-fields.ts';
import { hasLongNumber, parseExact } from './exact-json.ts';
import { goSyntaxProblem } from './go-json-syntax.ts';
import { StatusError } from './status.ts';

const depthMax = 200;
/** Characters of a text that is no JSON, up to which is told in Go's words why it is none. */
const closelyReadMax = 256 * 1024;
/** As in Go: a text that is nested deeper is not read. */
const textDepthMax = 10_000;
/** Characters of a text, from which its depth is looked at before anything is made of it. */
const depthLookMin = 64 * 1024;
const [quoteCode, backslashCode, openCode, closeCode] = ['"', '\\', '{', '}'].map((char) => char.charCodeAt(0)) as [
  number,
  number,
  number,
  number,
];
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/** @param input text, or UTF-8 bytes. @throws StatusError BadRequest that says where the text went wrong */
export function parseJson(input: string | Uint8Array): unknown {
  const value = parsed(textOf(input));
  checkShape(value);
  return value;
}

/** How Kubernetes begins to say that a body is no JSON. */
const unreadableBody = "couldn't get version/kind; json parse error: ";

/**
 * The value, and the paths of fields that the text gives more than once, such as `spec.containers[0].image`: JSON.parse keeps the
 * last one and says nothing. @param title how errors begin. @throws StatusError as parseJson
 */
export function parseJsonWithDuplicates(input: string | Uint8Array, title = unreadableBody): { value: unknown; duplicates: string[] } {
  const text = textOf(input);
  const value = parsed(text, title);
  // When as many members were kept as the text has, it need not be read closely.
  return { value, duplicates: checkShape(value) === memberCount(text) ? [] : duplicateFields(text) };
}

function textOf(input: string | Uint8Array): string {
  return typeof input === 'string' ? input : decoder.decode(input);
}

function parsed(text: string, title = unreadableBody): unknown {
  if (text.length > depthLookMin) refuseDepth(text, title);
  try {
    if (!hasLongNumber(text)) return JSON.parse(text);
    // What is read exactly is read by recursion: its depth is looked at first.
    checkShape(JSON.parse(text));
    return parseExact(text);
  } catch (error) {
    if (error instanceof StatusError) throw error;
    const { message } = error as Error;
    // Of what is longer, its being no JSON must do: a second look takes up to 100 ms a MiB.
    const problem = text.length <= closelyReadMax ? goSyntaxProblem(text) : undefined;
    throw StatusError.badRequest(`${title}${problem ?? message}`);
  }
}

/** In one pass: the engine would first make a value of each level, which takes a second for a body of brackets. */
function refuseDepth(text: string, title: string): void {
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === quoteCode) at = endOfString(text, at);
    // `[` and `{`, `]` and `}` differ in one bit.
    else if ((code | 0x20) === openCode) {
      depth += 1;
      if (depth > textDepthMax) throw StatusError.badRequest(`${title}exceeded max depth`);
    } else if ((code | 0x20) === closeCode) depth -= 1;
  }
}

/** Where the string's closing quote is, or its text ends. */
function endOfString(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === quoteCode) return at;
    if (code === backslashCode) at += 1;
  }
  return text.length;
}

/**
 * Refuses depth beyond 200 and the key `__proto__`. Iterative, so that depth cannot exhaust the stack.
 * @returns how many members its objects have @throws StatusError
 */
export function checkShape(root: unknown): number {
  if (root === null || typeof root !== 'object') return 0;
  let members = 0;
  const pending: object[] = [root];
  const depths = [0];
  for (let value = pending.pop(); value; value = pending.pop()) {
    const depth = depths.pop() ?? 0;
    if (depth >= depthMax) throw StatusError.badRequest(`the object is nested deeper than ${depthMax} levels`);
    if (Object.hasOwn(value, '__proto__')) throw StatusError.badRequest('the key "__proto__" is not allowed');
    const isObject = !Array.isArray(value);
    // Every body passes through here: nothing is set aside that cannot hold more.
    for (const key in value) {
      if (isObject) members += 1;
      const inner: unknown = (value as Record<string, unknown>)[key];
      if (inner === null || typeof inner !== 'object') continue;
      pending.push(inner);
      depths.push(depth + 1);
    }
  }
  return members;
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}

/** Equality of JSON values; an undefined member equals an absent one. */
export function deepEqual(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (Array.isArray(a)) return Array.isArray(b) && a.length === b.length && a.every((item, i) => deepEqual(item, b[i]));
  if (!isRecord(a) || !isRecord(b)) return false;
  for (const key in a) if (!deepEqual(a[key], own(b, key))) return false;
  for (const key in b) if (b[key] !== undefined && own(a, key) === undefined) return false;
  return true;
}

/** Equality of values as Go sees them: what is empty (null, '', 0, false, [] or {}) equals what is not there. */
export function equalButForEmpty(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (Array.isArray(a) && Array.isArray(b)) return a.length === b.length && a.every((item, i) => equalButForEmpty(item, b[i]));
  if ((!isRecord(a) && !isNothing(a)) || (!isRecord(b) && !isNothing(b))) return false;
  const [left, right] = [isRecord(a) ? a : {}, isRecord(b) ? b : {}];
  return [...Object.keys(left), ...Object.keys(right)].every((key) => equalButForEmpty(own(left, key), own(right, key)));
}

function isNothing(value: unknown): boolean {
  return !value || (Array.isArray(value) && value.length === 0);
}

/** Users may call a label `constructor`, which every object inherits: but for one, only functions are inherited, and none is JSON. */
export function own(record: Record<string, unknown>, key: string): unknown {
  const value = record[key];
  return (typeof value === 'function' || key === '__proto__') && !Object.hasOwn(record, key) ? undefined : value;
}

/** A copy that shares nothing with the original. */
export function deepClone<T>(value: T): T {
  if (Array.isArray(value)) return value.map((item) => deepClone(item)) as T;
  if (!isRecord(value)) return value;
  const copy: Record<string, unknown> = {};
  for (const key in value) {
    const inner = value[key];
    copy[key] = inner !== null && typeof inner === 'object' ? deepClone(inner) : inner;
  }
  return copy as T;
}
