// Parameters of requests as Prometheus' HTTP API has them: times as seconds since 1970 or RFC 3339, steps as seconds or durations.
// https://prometheus.io/docs/prometheus/latest/querying/api/
import { durationMs, type Grid, type Matcher, PromqlError, parseSelector, stepsMax } from '@berth/promql';

const number = /^-?\d+(?:\.\d+)?(?:e[+-]?\d+)?$/i;
const duration = /^(?:\d+(?:ms|[smhdwy]))+$/;
const time = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/;
/** The range of JavaScript's dates. */
const timeMsMax = 8.64e15;

export function timeParameter(parameters: URLSearchParams, name: string, otherwise: number | undefined): number {
  const text = parameters.get(name) ?? '';
  if (text === '' && otherwise !== undefined) return otherwise;
  const ms = number.test(text) ? Math.round(Number(text) * 1000) : time.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(ms) || Math.abs(ms) > timeMsMax) throw invalid(name, `cannot parse ${JSON.stringify(text)} to a valid timestamp`);
  return ms;
}

function stepParameter(parameters: URLSearchParams): number {
  const text = parameters.get('step') ?? '';
  const ms = duration.test(text) ? durationMs(text) : number.test(text) ? Math.round(Number(text) * 1000) : Number.NaN;
  if (Number.isNaN(ms)) throw invalid('step', `cannot parse ${JSON.stringify(text)} to a valid duration`);
  if (ms <= 0) throw invalid('step', 'zero or negative query resolution step widths are not accepted. Try a positive integer');
  return ms;
}

export function gridParameters(parameters: URLSearchParams): Grid {
  const startMs = timeParameter(parameters, 'start', undefined);
  const endMs = timeParameter(parameters, 'end', undefined);
  if (endMs < startMs) throw invalid('end', 'end timestamp must not be before start time');
  const stepMs = stepParameter(parameters);
  const steps = Math.floor((endMs - startMs) / stepMs) + 1;
  if (steps > stepsMax) {
    const message = `exceeded maximum resolution of ${stepsMax} points per timeseries. Try decreasing the query resolution (?step=XX)`;
    throw new PromqlError('bad_data', message);
  }
  return { startMs, stepMs, steps };
}

/** Of `match[]`: one list for each. */
export function matchParameters(parameters: URLSearchParams): Matcher[][] {
  return parameters.getAll('match[]').map(parseSelector);
}

export function requiredParameter(parameters: URLSearchParams, name: string): string {
  const text = parameters.get(name) ?? '';
  if (text === '') throw invalid(name, 'it is missing');
  return text;
}

function invalid(name: string, why: string): PromqlError {
  return new PromqlError('bad_data', `invalid parameter "${name}": ${why}`);
}
