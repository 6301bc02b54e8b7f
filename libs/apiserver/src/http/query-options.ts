// Query parameters as the core's settings, each checked: a value that means nothing is refused, never ignored. Flags alone take any
// value for true, since clients count on it.
import {
  durationNanos,
  durationProblem,
  type FieldError,
  goRune,
  isPrintable,
  parseFieldSelector,
  parseLabelSelector,
  StatusError,
} from '@berth/machinery';
import { checkListSettings, checkWatchSettings } from '../core/list-options.ts';
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

/** @param given all that was given */
export function wrongDryRun(given: unknown[], kind: OptionsKind): StatusError {
  return invalidOptions(kind, [notSupported('dryRun', given, ['All'])]);
}

function invalidOptions(kind: OptionsKind, errors: FieldError[]): StatusError {
  return StatusError.invalid({ group: 'meta.k8s.io', kind }, '', errors);
}

function notSupported(field: string, value: unknown, allowed: readonly string[]): FieldError {
  const detail = `supported values: ${allowed.map((name) => JSON.stringify(name)).join(', ')}`;
  return { type: 'NotSupported', field, value, detail };
}

const fieldValidations: readonly FieldValidation[] = ['Ignore', 'Strict', 'Warn'];

export function listSettings(query: Query): ListSettings {
  const [labelSelector, fieldSelector] = [text(query, 'labelSelector'), text(query, 'fieldSelector')];
  // Only a watch goes by it, but no list takes what is no number.
  wholeNumber(query, 'timeoutSeconds');
  const limit = wholeNumber(query, 'limit') ?? 0;
  // Whether they can be read at all is asked after the numbers, and before what is asked for with them.
  if (labelSelector) parseLabelSelector(labelSelector);
  if (fieldSelector) parseFieldSelector(fieldSelector);
  return {
    labelSelector,
    fieldSelector,
    // Less than nothing is no limit, too.
    limit: Math.min(Math.max(limit, 0), Number.MAX_SAFE_INTEGER),
    continue: text(query, 'continue'),
    resourceVersion: text(query, 'resourceVersion'),
    resourceVersionMatch: text(query, 'resourceVersionMatch'),
    sendInitialEvents: flag(query, 'sendInitialEvents'),
  };
}

type TimedWatch = WatchSettings & { timeoutSeconds?: number };

/** @throws StatusError Invalid for options that do not go together */
export function checkedWatchSettings(query: Query): TimedWatch {
  const settings = watchSettings(query);
  checkWatchSettings(settings);
  return settings;
}

/**
 * Of a watch whose path says that it is one: unless the query says so as well, its options are those of a list, which begins with what
 * there is and marks no end of it. @throws StatusError Invalid for options that do not go together
 */
export function formerWatchSettings(query: Query): TimedWatch {
  if (flag(query, 'watch')) return checkedWatchSettings(query);
  const { resourceVersionMatch, ...settings } = watchSettings(query);
  checkListSettings({ ...settings, resourceVersionMatch });
  return { ...settings, marksInitialEnd: false };
}

function watchSettings(query: Query): TimedWatch {
  const { limit: _meansNothing, ...settings } = listSettings(query);
  return { ...settings, allowWatchBookmarks: flag(query, 'allowWatchBookmarks'), timeoutSeconds: wholeNumber(query, 'timeoutSeconds') };
}

const managerBytesMax = 128;

function managerErrors(manager: string | undefined): FieldError[] {
  if (!manager) return [];
  const field = 'fieldManager';
  const errors: FieldError[] = [];
  if (Buffer.byteLength(manager) > managerBytesMax) {
    errors.push({ type: 'TooLong', field, detail: `may not be more than ${managerBytesMax} bytes` });
  }
  let position = 0;
  for (const rune of manager) {
    const detail = `invalid character ${goRune(rune)} (at position ${position})`;
    if (!isPrintable(rune)) errors.push({ type: 'Invalid', field, value: manager, detail });
    position += Buffer.byteLength(rune);
  }
  return errors;
}

/** @throws StatusError Invalid with everything that is wrong with them */
export function writeSettings(query: Query, kind: OptionsKind, errors: FieldError[] = []): WriteSettings {
  const dryRun = query.getAll('dryRun');
  const fieldManager = text(query, 'fieldManager');
  const given = text(query, 'fieldValidation');
  const fieldValidation = fieldValidations.find((known) => known === given);
  const found = [...errors, ...managerErrors(fieldManager)];
  if (dryRun.some((value) => value !== 'All')) found.push(notSupported('dryRun', dryRun, ['All']));
  if (given && !fieldValidation) found.push(notSupported('fieldValidation', given, ['', ...fieldValidations]));
  if (found.length > 0) throw invalidOptions(kind, found);
  return { dryRun: dryRun.length > 0, fieldManager, fieldValidation };
}

/** @throws StatusError Invalid for an apply without a manager, and for force where nothing is applied */
export function patchSettings(query: Query, isApply: boolean): WriteSettings {
  const force = flag(query, 'force');
  const errors: FieldError[] = [];
  if (isApply && !text(query, 'fieldManager')) {
    errors.push({ type: 'Required', field: 'fieldManager', detail: 'is required for apply patch' });
  }
  if (!isApply && force !== undefined) {
    errors.push({ type: 'Forbidden', field: 'force', detail: 'may not be specified for non-apply patch' });
  }
  return { ...writeSettings(query, 'PatchOptions', errors), force };
}

/** How long Kubernetes' clients say that they wait. @throws StatusError BadRequest for what is no duration */
export function checkTimeout(query: Query): void {
  const given = query.get('timeout');
  if (given && durationNanos(given) === undefined) {
    throw StatusError.badRequest(`invalid timeout specified in the request URL - ${durationProblem(given)}`);
  }
}

/** @throws StatusError BadRequest where an object is asked for without what is this cluster's, as once one could */
export function checkExport(query: Query): void {
  if (flag(query, 'export')) throw StatusError.badRequest('the export parameter, deprecated since v1.14, is no longer supported');
}

/** Of what is passed on: nobody can say what it would do. @throws StatusError BadRequest */
export function refuseDryRun(query: Query): void {
  if (query.has('dryRun')) throw StatusError.badRequest('dryRun is not supported');
}

/** Of a DELETE without a body. */
export function deleteSettings(query: Query): DeleteSettings {
  const dryRun = query.getAll('dryRun');
  if (dryRun.some((value) => value !== 'All')) throw wrongDryRun(dryRun, 'DeleteOptions');
  const [uid, resourceVersion] = [text(query, 'uid'), text(query, 'resourceVersion')];
  return {
    dryRun: dryRun.length > 0,
    ...((uid || resourceVersion) && { preconditions: { ...(uid && { uid }), ...(resourceVersion && { resourceVersion }) } }),
    gracePeriodSeconds: wholeNumber(query, 'gracePeriodSeconds'),
    // Whether there is such a policy is asked when the options are whole.
    propagationPolicy: text(query, 'propagationPolicy') as DeleteSettings['propagationPolicy'],
    orphanDependents: flag(query, 'orphanDependents'),
  };
}
