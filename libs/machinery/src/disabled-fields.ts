// Fields behind a feature gate that is off: known by name, so that nobody is told of a mistake, and dropped without a word when an
// object is written, as kube-apiserver does. An object that has such a field already keeps the right to it.
import type { DisabledField } from './disabled-field.ts';
import { isRecord } from './json.ts';

/** Drops from `next` what is off and not in use in `old`. */
export function dropDisabledFields(fields: readonly DisabledField[], next: object, old?: object): void {
  if (!hasAny(branchesOf(fields), next)) return;
  const isInUse = new Map<string, boolean>();
  for (const { gate, path } of fields) {
    if (old && !isInUse.get(gate))
      isInUse.set(
        gate,
        holders(old, path.split('.')).some(({ key, parent }) => parent[key] !== undefined),
      );
  }
  for (const field of fields) if (!isInUse.get(field.gate)) drop(field, next);
}

/** A step of one or more paths. */
interface Branch {
  name: string;
  /** What the step leads to: the value itself, or all that a list or a map holds. */
  holds: Holds;
  isField: boolean;
  isDroppedWhenEmpty: boolean;
  beneath: Branch[];
}

type Holds = 'value' | 'items' | 'members';

function holdsOf(step: string): { name: string; holds: Holds } {
  if (step.endsWith('[]')) return { name: step.slice(0, -2), holds: 'items' };
  return step.endsWith('{}') ? { name: step.slice(0, -2), holds: 'members' } : { name: step, holds: 'value' };
}

const compiled = new WeakMap<readonly DisabledField[], Branch[]>();

function branchesOf(fields: readonly DisabledField[]): Branch[] {
  let branches = compiled.get(fields);
  if (!branches) {
    branches = [];
    for (const { path, dropsEmptyParent } of fields) addPath(branches, path.split('.'), dropsEmptyParent ?? false);
    compiled.set(fields, branches);
  }
  return branches;
}

function addPath(branches: Branch[], [step = '', ...rest]: string[], dropsEmptyParent: boolean): void {
  const { name, holds } = holdsOf(step);
  let branch = branches.find((known) => known.name === name && known.holds === holds);
  if (!branch) {
    branch = { name, holds, isField: false, isDroppedWhenEmpty: false, beneath: [] };
    branches.push(branch);
  }
  if (rest.length === 0) branch.isField = true;
  if (rest.length === 1 && dropsEmptyParent) branch.isDroppedWhenEmpty = true;
  if (rest.length > 0) addPath(branch.beneath, rest, dropsEmptyParent);
}

/** Whether there may be anything to drop. Few objects have such a field, and every one that is written is asked: one walk, nothing made. */
function hasAny(branches: Branch[], object: unknown): boolean {
  if (!isRecord(object)) return false;
  for (const { name, holds, isField, isDroppedWhenEmpty, beneath } of branches) {
    const value = object[name];
    if (value === undefined) continue;
    if (isField || (isDroppedWhenEmpty && isRecord(value) && isWithout(value))) return true;
    if (holds === 'value') {
      if (hasAny(beneath, value)) return true;
    } else if (held(value, holds).some((item) => hasAny(beneath, item))) return true;
  }
  return false;
}

function isWithout(members: Record<string, unknown>): boolean {
  for (const _ in members) return false;
  return true;
}

function drop({ path, dropsEmptyParent, onlyWith }: DisabledField, object: object): void {
  const steps = path.split('.');
  for (const { parent, key } of holders(object, steps)) {
    const value = parent[key];
    if (value === undefined || (onlyWith && !(isRecord(value) && value[onlyWith]))) continue;
    delete parent[key];
  }
  if (!dropsEmptyParent) return;
  for (const { parent, key } of holders(object, steps.slice(0, -1))) {
    const value = parent[key];
    if (isRecord(value) && isWithout(value)) delete parent[key];
  }
}

interface Holder {
  parent: Record<string, unknown>;
  key: string;
}

/** Where the last step of a path is, or would be. */
function holders(object: unknown, steps: string[]): Holder[] {
  const [step = '', ...rest] = steps;
  if (!isRecord(object)) return [];
  if (rest.length === 0) return [{ parent: object, key: step }];
  const { name, holds } = holdsOf(step);
  return holds === 'value' ? holders(object[name], rest) : held(object[name], holds).flatMap((item) => holders(item, rest));
}

function held(value: unknown, holds: Holds): unknown[] {
  if (holds === 'items') return Array.isArray(value) ? value : [];
  return isRecord(value) ? Object.values(value) : [];
}
