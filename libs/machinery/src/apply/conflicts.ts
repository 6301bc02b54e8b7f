// What an apply is refused with when it would change fields of others, in the words that kubectl prints and explains.
import { StatusError } from '../status.ts';
import { type FieldSet, isMember } from './field-set.ts';
import type { Manager } from './managers.ts';

/** The fields of one manager that somebody else's apply would change. */
export interface Conflict {
  manager: Manager;
  fields: FieldSet;
}

/** Conflict (409) with a cause for every field. */
export function conflictError(conflicts: readonly Conflict[]): StatusError {
  const found = conflicts
    .flatMap(({ manager, fields }) => pathsOf(fields).map((field) => ({ who: describe(manager), field })))
    .sort((a, b) => (a.who < b.who ? -1 : a.who > b.who ? 1 : 0));
  const causes = found.map(({ who, field }) => ({ reason: 'FieldManagerConflict', message: `conflict with ${who}`, field }));
  return new StatusError(409, 'Conflict', messageOf(found), { causes });
}

function messageOf(found: { who: string; field: string }[]): string {
  const [only] = found;
  if (only && found.length === 1) return `Apply failed with 1 conflict: conflict with ${only.who}: ${only.field}`;
  const lines: string[] = [];
  let last: string | undefined;
  for (const { who, field } of found) {
    if (who !== last) lines.push(`conflicts with ${who}:`);
    lines.push(`- ${field}`);
    last = who;
  }
  return `Apply failed with ${found.length} conflicts: ${lines.join('\n')}`;
}

function describe({ manager, operation, apiVersion, subresource }: Manager): string {
  const name = JSON.stringify(manager) + (subresource ? ` with subresource ${JSON.stringify(subresource)}` : '');
  return operation === 'Update' ? `${name} using ${apiVersion}` : name;
}

/** `.spec.containers[name="web"].image` for every path in the set. */
export function pathsOf(set: FieldSet, prefix = ''): string[] {
  const nodes = Object.keys(set)
    .filter((element) => element !== '.')
    .sort()
    .map((element) => ({ path: prefix + pathElement(element), below: set[element] ?? {} }));
  const own = nodes.filter(({ below }) => isMember(below)).map(({ path }) => path);
  return [...own, ...nodes.flatMap(({ path, below }) => pathsOf(below, path))];
}

function pathElement(element: string): string {
  const rest = element.slice(2);
  if (element.startsWith('f:')) return `.${rest}`;
  if (element.startsWith('v:')) return `[=${rest}]`;
  if (element.startsWith('i:')) return `[${rest}]`;
  const keys = Object.entries(JSON.parse(rest) as Record<string, unknown>);
  return `[${keys.map(([name, value]) => `${name}=${JSON.stringify(value)}`).join(',')}]`;
}
