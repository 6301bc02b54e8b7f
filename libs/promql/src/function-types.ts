// Which functions there are, what they take and give: the parser refuses what does not fit before anything is evaluated.
import type { ValueType } from './syntax.ts';

export interface FunctionType {
  args: ValueType[];
  /** How many of the last may be left out; Infinity where the last may be repeated. */
  optional?: number;
  result: 'scalar' | 'vector';
}

const ofRange: FunctionType = { args: ['matrix'], result: 'vector' };
const ofVector: FunctionType = { args: ['vector'], result: 'vector' };
const ofTime: FunctionType = { args: ['vector'], optional: 1, result: 'vector' };

export const functionTypes: ReadonlyMap<string, FunctionType> = new Map([
  ...[
    'rate irate increase delta idelta changes resets deriv',
    'avg_over_time min_over_time max_over_time sum_over_time count_over_time last_over_time present_over_time stddev_over_time stdvar_over_time',
    'absent_over_time',
  ]
    .flatMap((names) => names.split(' '))
    .map((name): [string, FunctionType] => [name, ofRange]),
  ...['abs ceil floor exp sqrt ln log2 log10 sgn sort sort_desc absent timestamp', 'deg rad sin cos tan']
    .flatMap((names) => names.split(' '))
    .map((name): [string, FunctionType] => [name, ofVector]),
  ...'minute hour day_of_week day_of_month day_of_year days_in_month month year'
    .split(' ')
    .map((name): [string, FunctionType] => [name, ofTime]),
  ['quantile_over_time', { args: ['scalar', 'matrix'], result: 'vector' }],
  ['predict_linear', { args: ['matrix', 'scalar'], result: 'vector' }],
  ['round', { args: ['vector', 'scalar'], optional: 1, result: 'vector' }],
  ['clamp', { args: ['vector', 'scalar', 'scalar'], result: 'vector' }],
  ['clamp_min', { args: ['vector', 'scalar'], result: 'vector' }],
  ['clamp_max', { args: ['vector', 'scalar'], result: 'vector' }],
  ['histogram_quantile', { args: ['scalar', 'vector'], result: 'vector' }],
  ['label_replace', { args: ['vector', 'string', 'string', 'string', 'string'], result: 'vector' }],
  ['label_join', { args: ['vector', 'string', 'string', 'string'], optional: Number.POSITIVE_INFINITY, result: 'vector' }],
  ['time', { args: [], result: 'scalar' }],
  ['pi', { args: [], result: 'scalar' }],
  ['scalar', { args: ['vector'], result: 'scalar' }],
  ['vector', { args: ['scalar'], result: 'vector' }],
]);

/** Operator → type of its parameter. */
export const aggregations: ReadonlyMap<string, ValueType | undefined> = new Map<string, ValueType | undefined>([
  ...'sum avg min max count group stddev stdvar'.split(' ').map((name): [string, undefined] => [name, undefined]),
  ['topk', 'scalar'],
  ['bottomk', 'scalar'],
  ['quantile', 'scalar'],
]);

/** What Prometheus has and this does not, so that it can be named when it is asked for. */
export const unsupported: ReadonlySet<string> = new Set(
  [
    'count_values limitk limit_ratio holt_winters double_exponential_smoothing mad_over_time histogram_avg histogram_count histogram_sum',
    'histogram_fraction histogram_stddev histogram_stdvar sort_by_label sort_by_label_desc info acos acosh asin asinh atan atanh cosh sinh tanh',
    'ts_of_max_over_time ts_of_min_over_time ts_of_last_over_time first_over_time histogram_quantiles start end',
  ].flatMap((names) => names.split(' ')),
);
