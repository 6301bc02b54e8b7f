// JSON Patch (RFC 6902), pure. What is no patch is told in kube-apiserver's words, and that one does not apply as well; why it does
// not is told in those of the library that Kubernetes uses, for whoever wants to know more. A copy may double a document, so what copies add together is bounded, and so is depth.
import { goJsonName } from './go-text.ts';
import { checkShape, deepClone, deepEqual, isRecord } from './json.ts';
import { StatusError } from './status.ts';

const operationsMax = 10_000;
const copiedCharactersMax = 3 * 1024 * 1024;
const operations = new Set(['add', 'remove', 'replace', 'move', 'copy', 'test']);

interface Operation {
  op: 'add' | 'remove' | 'replace' | 'move' | 'copy' | 'test';
  path: string;
  from?: string;
  value?: unknown;
}

type Container = unknown[] | Record<string, unknown>;
interface Place {
  container: Container;
  key: string;
}

/** A patch that does not apply. Its Status says no more than Kubernetes', which keeps the reason to itself. */
export class PatchError extends StatusError {
  readonly why: string;
  /** Whether a test of the patch failed, as patches foresee. */
  readonly isFailedTest: boolean;

  constructor(why: string, isFailedTest = false) {
    super(422, 'Invalid', 'the server rejected our request due to an error in our request', {});
    this.why = why;
    this.isFailedTest = isFailedTest;
  }
}

/** @throws StatusError 400 for what is no patch, 413 for one too long. @throws PatchError for one that does not apply */
export function applyJsonPatch(target: unknown, patch: unknown): unknown {
  // Go takes null for an empty list.
  if (patch === null) return target;
  if (!Array.isArray(patch)) throw undecodable(patch, 'Go value of type []handlers.jsonPatchOp');
  if (patch.length > operationsMax)
    throw StatusError.tooLarge(`The allowed maximum operations in a JSON patch is ${operationsMax}, got ${patch.length}`);
  for (const operation of patch) checkTypes(operation);
  checkShape(patch);
  const application = new Application(target);
  for (const operation of patch) application.apply(checkedOperation(operation));
  checkShape(application.document);
  return application.document;
}

/** Of all operations before the first is applied, as a decoder does. */
function checkTypes(operation: unknown): void {
  if (operation === null) return;
  if (!isRecord(operation)) throw undecodable(operation, 'Go value of type handlers.jsonPatchOp');
  for (const name of ['op', 'path', 'from']) {
    const value = operation[name];
    if (value !== undefined && value !== null && typeof value !== 'string')
      throw undecodable(value, `Go struct field jsonPatchOp.${name} of type string`);
  }
}

function undecodable(value: unknown, into: string): StatusError {
  return StatusError.badRequest(`error decoding patch: json: cannot unmarshal ${goJsonName(value)} into ${into}`);
}

function checkedOperation(operation: unknown): Operation {
  const { op, path, from } = (operation ?? {}) as Partial<Record<keyof Operation, string | null>>;
  if (!op || !operations.has(op)) throw refused(`Unexpected kind: ${op ?? 'unknown'}`);
  if (typeof path !== 'string') throw refused(`${op} operation failed to decode path: missing value`);
  const needsFrom = op === 'move' || op === 'copy';
  if (needsFrom && typeof from !== 'string') throw refused(`${op} operation failed to decode from: missing value`);
  // The whole may be replaced and looked at, and nothing else.
  const isWhole = path === '' && op !== 'replace' && op !== 'test';
  if (isWhole || !isPointer(path)) throw missing(op, path);
  if (needsFrom && !isPointer(from ?? '')) throw missing(op, from ?? '', 'from ');
  if ([path, from ?? ''].some((pointer) => pointer.split('/').includes('__proto__')))
    throw StatusError.badRequest('the key "__proto__" is not allowed');
  return operation as unknown as Operation;
}

function isPointer(value: string): boolean {
  return value === '' || value.startsWith('/');
}

class Application {
  /** One level above the document, so that the empty path is a place like any other. */
  readonly #root: { document: unknown };
  #copiedCharacters = 0;

  constructor(target: unknown) {
    this.#root = { document: deepClone(target) };
  }

  get document(): unknown {
    return this.#root.document;
  }

  apply({ op, path, from = '', value = null }: Operation): void {
    if (op === 'test') this.#test(path, value);
    else if (op === 'remove') take(this.#place(op, path), path, op);
    else if (op === 'replace') replace(this.#place(op, path), path, deepClone(value));
    else {
      const added = op === 'add' ? deepClone(value) : op === 'copy' ? this.#copied(from) : this.#moved(from, path);
      insert(this.#place(op, path), path, added, op);
    }
  }

  #moved(from: string, path: string): unknown {
    if (path.startsWith(`${from}/`)) throw refused(`move operation does not apply: ${path} lies within ${from}`);
    return take(this.#place('move', from, 'from '), from, 'move');
  }

  #test(path: string, expected: unknown): void {
    // A member that is not there is taken for null, as Kubernetes takes it, but not what it would be a member of.
    const place = this.#place('test', path);
    if (isBeyond(place) || !deepEqual(valueAt(place) ?? null, expected))
      throw new PatchError(`testing value ${path} failed: test failed`, true);
  }

  #copied(from: string): unknown {
    const place = this.#place('copy', from, 'from ');
    const value = valueAt(place) ?? null;
    if (isBeyond(place)) throw refused(`copy operation does not apply: doc is missing from path: "${from}": missing value`);
    checkShape(value);
    this.#copiedCharacters += JSON.stringify(value).length;
    if (this.#copiedCharacters > copiedCharactersMax)
      throw refused(`unable to complete the copy, the accumulated size increase of copy exceeds the limit ${copiedCharactersMax}`);
    return deepClone(value);
  }

  #place(op: string, path: string, which = ''): Place {
    const place = this.#find(path);
    if (!place) throw missing(op, path, which);
    return place;
  }

  /** Where the last token of a path points into; undefined when what is above it is not there. */
  #find(path: string): Place | undefined {
    let container: unknown = this.#root;
    const tokens = ['document', ...path.split('/').slice(1).map(unescaped)];
    for (const key of tokens.slice(0, -1)) container = isContainer(container) ? valueAt({ container, key }) : undefined;
    return isContainer(container) ? { container, key: tokens.at(-1) ?? '' } : undefined;
  }
}

function unescaped(token: string): string {
  return token.replaceAll('~1', '/').replaceAll('~0', '~');
}

function isContainer(value: unknown): value is Container {
  return value !== null && typeof value === 'object';
}

function valueAt({ container, key }: Place): unknown {
  if (Array.isArray(container)) return container[indexOf(key, container.length - 1) ?? -1];
  return Object.hasOwn(container, key) ? container[key] : undefined;
}

/** A list index without leading zeros, or from the end when negative as Kubernetes allows; undefined beyond `max`. */
function indexOf(key: string, max: number): number | undefined {
  if (!/^-?(0|[1-9]\d{0,9})$/.test(key)) return undefined;
  const index = key.startsWith('-') ? max + 1 + Number(key) : Number(key);
  return index >= 0 && index <= max ? index : undefined;
}

function insert({ container, key }: Place, path: string, value: unknown, op: string): void {
  if (!Array.isArray(container)) {
    container[key] = value;
    return;
  }
  const index = key === '-' ? container.length : indexOf(key, container.length);
  if (index === undefined)
    throw refused(`error in ${op} for path: '${path}': Unable to access invalid index: ${key}: invalid index referenced`);
  container.splice(index, 0, value);
}

function take(place: Place, path: string, op: string): unknown {
  const { container, key } = place;
  const value = valueAt(place);
  if (Array.isArray(container)) {
    const index = indexOf(key, container.length - 1);
    if (index === undefined)
      throw refused(`error in ${op} for path: '${path}': Unable to access invalid index: ${key}: invalid index referenced`);
    container.splice(index, 1);
  } else {
    if (value === undefined) throw refused(`error in ${op} for path: '${path}': Unable to remove nonexistent key: ${key}: missing value`);
    delete container[key];
  }
  return value;
}

/** A member that is not there is made, as Kubernetes makes it; an element must be there. */
function replace(place: Place, path: string, value: unknown): void {
  const { container, key } = place;
  if (isBeyond(place)) throw refused(`replace operation does not apply: doc is missing key: ${path}: missing value`);
  if (Array.isArray(container)) container[indexOf(key, container.length - 1) ?? 0] = value;
  else container[key] = value;
}

/** Whether it is an element of a list that does not have so many. A member that is not there is null. */
function isBeyond({ container, key }: Place): boolean {
  return Array.isArray(container) && indexOf(key, container.length - 1) === undefined;
}

function refused(why: string): PatchError {
  return new PatchError(why);
}

function missing(op: string, path: string, which = ''): PatchError {
  return refused(`${op} operation does not apply: doc is missing ${which}path: "${path}": missing value`);
}
