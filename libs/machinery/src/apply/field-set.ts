// Sets of field paths, as managedFields state them: tries in FieldsV1 JSON (`f:name`, `k:{"name":"x"}`, `v:"x"`, and `.` for the
// element itself). The JSON is the set, so that ownership is read and written without conversion. Values are never changed.
import { isRecord } from '../json.ts';

/** A node: `{}` below the root is the element itself and nothing beneath it; an empty root is the empty set. */
export interface FieldSet {
  readonly [element: string]: FieldSet;
}

export const noFields: FieldSet = Object.freeze({});
/** A node that is owned as it is. */
export const leaf: FieldSet = noFields;

const depthMax = 200;

export function isEmpty(set: FieldSet): boolean {
  if (set === noFields) return true;
  for (const _ in set) return false;
  return true;
}

/** Whether a node below the root stands for itself, too, not only for what is beneath it. */
export function isMember(node: FieldSet): boolean {
  return isEmpty(node) || '.' in node;
}

/** The set that FieldsV1 JSON states, or undefined when it states none. */
export function readFieldSet(value: unknown, depth = 0): FieldSet | undefined {
  if (!isRecord(value) || depth > depthMax) return undefined;
  for (const [element, below] of Object.entries(value)) {
    if (element !== '.' && !/^[fkvi]:/.test(element)) return undefined;
    if (readFieldSet(below, depth + 1) === undefined) return undefined;
  }
  return value as FieldSet;
}

/** `a` itself when it has all of `b` already: what is not changed is not copied, encoded or sorted again. */
export function union(a: FieldSet, b: FieldSet): FieldSet {
  if (a === b || isEmpty(b)) return a;
  if (isEmpty(a)) return b;
  let result: Record<string, FieldSet> | undefined;
  for (const element in b) {
    const own = a[element];
    const joined = own === undefined || element === '.' ? at(b, element) : unionOfNodes(own, at(b, element));
    if (joined === own || (own !== undefined && element === '.')) continue;
    result ??= { ...a };
    result[element] = joined;
  }
  return result ?? a;
}

function unionOfNodes(a: FieldSet, b: FieldSet): FieldSet {
  if (a === b) return a;
  if (isEmpty(b) && isMember(a)) return a;
  const joined = union(a, b);
  return isMember(a) || isMember(b) ? withSelf(joined) : joined;
}

/** What `a` has and `b` has not; `a` itself when they have nothing in common. */
export function difference(a: FieldSet, b: FieldSet): FieldSet {
  if (isEmpty(a) || isEmpty(b)) return a;
  const changed = new Map<string, FieldSet | undefined>();
  for (const element in b) {
    const own = element === '.' ? undefined : a[element];
    if (own === undefined) continue;
    const left = differenceOfNodes(own, at(b, element));
    if (left !== own) changed.set(element, left);
  }
  if (changed.size === 0) return a;
  const result: Record<string, FieldSet> = {};
  for (const element in a) {
    const left = changed.has(element) ? changed.get(element) : at(a, element);
    if (left) result[element] = left;
  }
  return result;
}

/** Undefined when nothing is left. */
function differenceOfNodes(a: FieldSet, b: FieldSet): FieldSet | undefined {
  if (isEmpty(a)) return isMember(b) ? undefined : a;
  const beneath = difference(a, b);
  const left = isMember(a) && isMember(b) ? below(beneath) : beneath;
  if (!isEmpty(left)) return isSelfAlone(left) ? leaf : left;
  return isMember(a) && !isMember(b) ? leaf : undefined;
}

function isSelfAlone(of: FieldSet): boolean {
  for (const element in of) if (element !== '.') return false;
  return true;
}

export function intersection(a: FieldSet, b: FieldSet): FieldSet {
  const result: Record<string, FieldSet> = {};
  for (const element in a) {
    const other = element === '.' ? undefined : b[element];
    if (other === undefined) continue;
    const own = at(a, element);
    const both = node(isMember(own) && isMember(other), intersection(below(own), below(other)));
    if (both) result[element] = both;
  }
  return result;
}

/** Only the paths that have nothing beneath them. */
export function leaves(set: FieldSet): FieldSet {
  const result: Record<string, FieldSet> = {};
  for (const element in set) if (element !== '.') result[element] = leaves(at(set, element));
  return result;
}

export function equalSets(a: FieldSet, b: FieldSet): boolean {
  if (a === b) return true;
  let count = 0;
  for (const element in a) {
    const other = b[element];
    if (other === undefined || !equalSets(at(a, element), other)) return false;
    count++;
  }
  for (const _ in b) count--;
  return count === 0;
}

/** Undefined when neither the element nor anything beneath it is in the set. */
export function node(isSelf: boolean, beneath: FieldSet): FieldSet | undefined {
  if (isEmpty(beneath)) return isSelf ? leaf : undefined;
  return isSelf ? withSelf(beneath) : beneath;
}

function withSelf(beneath: FieldSet): FieldSet {
  return isEmpty(beneath) || '.' in beneath ? beneath : { '.': leaf, ...beneath };
}

/** A node without itself. */
function below(of: FieldSet): FieldSet {
  if (!('.' in of)) return of;
  const { '.': _self, ...rest } = of;
  return rest;
}

function at(set: FieldSet, element: string): FieldSet {
  return set[element] ?? leaf;
}
