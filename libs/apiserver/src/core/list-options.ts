// Which options of a list or a watch go together (k8s.io/apimachinery, internalversion validation), in the words that
// clients know.
import { type FieldError, goQuoted, StatusError } from '@berth/machinery';
import type { ListSettings, WatchSettings } from './types.ts';

const field = 'resourceVersionMatch';
const withContinue = 'resourceVersionMatch is forbidden when continue is provided';

/** @throws StatusError Invalid */
export function checkListSettings(settings: ListSettings): void {
  const { resourceVersion, resourceVersionMatch: match } = settings;
  const errors: FieldError[] = [];
  if (match) {
    if (!resourceVersion) errors.push(forbidden(field, 'resourceVersionMatch is forbidden unless resourceVersion is provided'));
    if (settings.continue) errors.push(forbidden(field, withContinue));
    if (match !== 'Exact' && match !== 'NotOlderThan') errors.push(notSupported(match, ['Exact', 'NotOlderThan', '']));
    if (match === 'Exact' && resourceVersion === '0') {
      errors.push(forbidden(field, 'resourceVersionMatch "exact" is forbidden for resourceVersion "0"'));
    }
  }
  if (settings.sendInitialEvents !== undefined) {
    errors.push(forbidden('sendInitialEvents', 'sendInitialEvents is forbidden for list'));
  }
  refuse(errors);
  if (settings.limit !== undefined && !Number.isSafeInteger(settings.limit)) {
    throw StatusError.badRequest('limit must be a whole number');
  }
}

/** @throws StatusError Invalid */
export function checkWatchSettings(settings: WatchSettings): void {
  const { sendInitialEvents, resourceVersionMatch: match } = settings;
  const errors: FieldError[] = [];
  if (sendInitialEvents !== undefined && match !== 'NotOlderThan') {
    errors.push(forbidden(field, 'sendInitialEvents requires setting resourceVersionMatch to NotOlderThan'));
  }
  if (match) {
    if (sendInitialEvents === undefined) {
      errors.push(forbidden(field, 'resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided'));
    }
    if (match !== 'NotOlderThan') errors.push(notSupported(match, ['NotOlderThan']));
    if (settings.continue) errors.push(forbidden(field, withContinue));
  } else if (sendInitialEvents === undefined && settings.continue && /^0?$/.test(settings.resourceVersion ?? '')) {
    // Whoever asks from no version on is given what there is as if they had asked for that, and for no older one.
    errors.push(forbidden(field, withContinue));
  }
  refuse(errors);
}

/** More than 64 bits take, for some zeros in front. */
const uint64CharactersMax = 40;

/**
 * Of 64 bits, of which no revision takes more than 53: beyond, it is none that there could be.
 * @param title how a list's error begins
 * @throws StatusError BadRequest for what is no version
 */
export function parseVersion(text: string | undefined, title = ''): number {
  const isNumber = text !== undefined && /^\d+$/.test(text);
  if (isNumber && text.length <= uint64CharactersMax && BigInt.asUintN(64, BigInt(text)) === BigInt(text)) return Number(text);
  const quoted = goQuoted(text ?? '');
  const problem = isNumber ? 'value out of range' : 'invalid syntax';
  throw StatusError.badRequest(`${title}resourceVersion: Invalid value: ${quoted}: strconv.ParseUint: parsing ${quoted}: ${problem}`);
}

function forbidden(name: string, detail: string): FieldError {
  return { type: 'Forbidden', field: name, detail };
}

function notSupported(value: string, supported: string[]): FieldError {
  return { type: 'NotSupported', field, value, detail: `supported values: ${supported.map((one) => JSON.stringify(one)).join(', ')}` };
}

function refuse(errors: FieldError[]): void {
  if (errors.length > 0) throw StatusError.invalid({ group: 'meta.k8s.io', kind: 'ListOptions' }, '', errors);
}
