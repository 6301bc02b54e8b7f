// Which changes a list asks for, from its field selector: what a change is about, and `since`, `until` (a time, or how long ago) and `routine`,
// which are no fields but stand there because a selector is what every client can send.
import { Change } from '@berth/api';
import { durationNanos, type FieldRequirement, goTimeError, parseFieldSelector, StatusError } from '@berth/machinery';
import { erased } from '../kinds-by-name.ts';
import { type Selection, selectionOf } from '../selection.ts';
import type { ListSettings } from '../types.ts';

export interface ChangeQuery {
  /** Milliseconds. */
  sinceMs: number | undefined;
  untilMs: number | undefined;
  withRoutine: boolean;
  /** What the objects' keys are looked at by, before anything is read. */
  resource: string | undefined;
  kind: string | undefined;
  name: string | undefined;
  selection: Selection;
}

const options = new Set(['since', 'until', 'routine']);

/** @throws StatusError BadRequest */
export function readChangeQuery({ fieldSelector = '', labelSelector = '' }: ListSettings, nowMs: number): ChangeQuery {
  if (labelSelector !== '')
    throw StatusError.badRequest('changes have no labels: select by fields, such as --field-selector object.name=web');
  const requirements = parseFieldSelector(fieldSelector);
  const given = (name: string) => requirements.find(({ field, operator }) => field === name && operator === '=')?.value;
  const odd = requirements.find(({ field, operator }) => options.has(field) && operator !== '=');
  if (odd) throw StatusError.badRequest(`field selector ${odd.field}: it takes =, not ${odd.operator}`);
  const fields = requirements.filter(({ field }) => !options.has(field));
  const routine = given('routine') ?? 'false';
  if (routine !== 'true' && routine !== 'false') throw StatusError.badRequest('field selector routine: it is true or false');
  return {
    sinceMs: timeOf('since', given('since'), nowMs),
    untilMs: timeOf('until', given('until'), nowMs),
    withRoutine: routine === 'true',
    resource: given('object.resource'),
    kind: given('object.kind'),
    name: given('object.name'),
    selection: selectionOf(erased(Change), { fieldSelector: fields.map(selectorText).join(',') }),
  };
}

function selectorText({ field, operator, value }: FieldRequirement): string {
  return `${field}${operator}${value.replace(/[\\,=]/g, '\\$&')}`;
}

function timeOf(name: string, text: string | undefined, nowMs: number): number | undefined {
  if (text === undefined) return undefined;
  const nanos = durationNanos(text);
  if (nanos !== undefined && nanos >= 0n) return nowMs - Number(nanos / 1_000_000n);
  const atMs = timeMs(text);
  if (atMs === undefined)
    throw StatusError.badRequest(
      `field selector ${name}: ${JSON.stringify(text)} is neither a time such as 2026-01-31T15:04:05Z nor a duration such as 10m`,
    );
  return atMs;
}

/** @returns undefined for what is no time of RFC 3339 */
export function timeMs(text: string): number | undefined {
  const atMs = goTimeError(text, false) === undefined ? Date.parse(text) : Number.NaN;
  return Number.isNaN(atMs) ? undefined : atMs;
}
