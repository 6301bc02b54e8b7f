// Query parameters as the core's settings, each checked: a value that means nothing is refused, never ignored. Flags alone take any
// value for true, since clients count on it.
import { StatusError } from '@berth/machinery';
import type { DeleteSettings, FieldValidation, ListSettings, WatchSettings, WriteSettings } from '../core/types.ts';

type Query = URLSearchParams;

function text(query: Query, name: string): string | undefined {
  return query.get(name) || undefined;
}

/** As Kubernetes reads them: 0 and false in any case are false, and whatever else is given is true, nothing too. */
export function flag(query: Query, name: string): boolean | undefined {
  const value = query.get(name);
  return value === null ? undefined : value !== '0' && value.toLowerCase() !== 'false';
}

/** More than 64 bits take, for a sign and some zeros in front. */
const int64CharactersMax = 40;

/** In Go's words. @throws StatusError BadRequest for what is no number of 64 bits */
export function wholeNumber(query: Query, name: string): number | undefined {
  const value = query.get(name);
  if (value === null) return undefined;
  const isNumber = /^[+-]?\d+$/.test(value);
  if (isNumber && value.length <= int64CharactersMax && BigInt.asIntN(64, BigInt(value)) === BigInt(value)) return Number(value);
  const problem = isNumber ? 'value out of range' : 'invalid syntax';
  throw StatusError.badRequest(`strconv.ParseInt: parsing ${JSON.stringify(value)}: ${problem}`);
}

/** Of what a request's query is the options. */
type OptionsKind = 'CreateOptions' | 'UpdateOptions' | 'PatchOptions' | 'DeleteOptions';

function oneOf<T extends string>(query: Query, name: string, allowed: readonly T[], kind: OptionsKind): T | undefined {
  const value = text(query, name);
  if (value === undefined) return undefined;
  const found = allowed.find((known) => known === value);
  if (!found) throw notSupported(name, value, ['', ...allowed].sort(), kind);
  return found;
}

/** @param given all that was given */
export function wrongDryRun(given: unknown[], kind: OptionsKind): StatusError {
  return notSupported('dryRun', given, ['All'], kind);
}

function notSupported(field: string, value: unknown, allowed: readonly string[], kind: OptionsKind): StatusError {
  const detail = `supported values: ${allowed.map((name) => JSON.stringify(name)).join(', ')}`;
  return StatusError.invalid({ group: 'meta.k8s.io', kind }, '', [{ type: 'NotSupported', field, value, detail }]);
}

const fieldValidations: readonly FieldValidation[] = ['Ignore', 'Warn', 'Strict'];

export function listSettings(query: Query): ListSettings {
  // Only a watch goes by it, but no list takes what is no number.
  wholeNumber(query, 'timeoutSeconds');
  return {
    labelSelector: text(query, 'labelSelector'),
    fieldSelector: text(query, 'fieldSelector'),
    // Less than nothing is no limit, too.
    limit: Math.min(Math.max(wholeNumber(query, 'limit') ?? 0, 0), Number.MAX_SAFE_INTEGER),
    continue: text(query, 'continue'),
    resourceVersion: text(query, 'resourceVersion'),
    resourceVersionMatch: text(query, 'resourceVersionMatch'),
    sendInitialEvents: flag(query, 'sendInitialEvents'),
  };
}

export function watchSettings(query: Query): WatchSettings & { timeoutSeconds?: number } {
  const { limit: _meansNothing, ...settings } = listSettings(query);
  return { ...settings, allowWatchBookmarks: flag(query, 'allowWatchBookmarks'), timeoutSeconds: wholeNumber(query, 'timeoutSeconds') };
}

export function writeSettings(query: Query, kind: OptionsKind): WriteSettings {
  const dryRun = query.getAll('dryRun');
  if (dryRun.some((value) => value !== 'All')) throw wrongDryRun(dryRun, kind);
  const fieldManager = text(query, 'fieldManager');
  if (fieldManager && fieldManager.length > 128) {
    throw StatusError.invalid({ group: 'meta.k8s.io', kind }, '', [
      { type: 'TooLong', field: 'fieldManager', detail: 'may not be more than 128 bytes' },
    ]);
  }
  const fieldValidation = oneOf(query, 'fieldValidation', fieldValidations, kind);
  return { dryRun: dryRun.length > 0, fieldManager, fieldValidation };
}

/** @throws StatusError Invalid for an apply without a manager, and for force where nothing is applied */
export function patchSettings(query: Query, isApply: boolean): WriteSettings {
  const settings = writeSettings(query, 'PatchOptions');
  const force = flag(query, 'force');
  if (isApply && !settings.fieldManager) {
    throw StatusError.invalid({ group: 'meta.k8s.io', kind: 'PatchOptions' }, '', [
      { type: 'Required', field: 'fieldManager', detail: 'is required for apply patch' },
    ]);
  }
  if (!isApply && force !== undefined) {
    throw StatusError.invalid({ group: 'meta.k8s.io', kind: 'PatchOptions' }, '', [
      { type: 'Forbidden', field: 'force', detail: 'may not be specified for non-apply patch' },
    ]);
  }
  return { ...settings, force };
}

/** Of a DELETE without a body. */
export function deleteSettings(query: Query): DeleteSettings {
  return {
    dryRun: writeSettings(query, 'DeleteOptions').dryRun,
    gracePeriodSeconds: wholeNumber(query, 'gracePeriodSeconds'),
    // Whether there is such a policy is asked when the options are whole.
    propagationPolicy: text(query, 'propagationPolicy') as DeleteSettings['propagationPolicy'],
    orphanDependents: flag(query, 'orphanDependents'),
  };
}
