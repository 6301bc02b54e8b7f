// Prometheus' query language over any source of samples: the part of it that dashboards and rules of Kubernetes use. Pure: no time, no
// disk; what is not supported is refused with its name and place.
export { Evaluator, type EvaluatorOptions, type Source, stepsMax } from './evaluator.ts';
export { durationMs } from './lexer.ts';
export { fits, fitsAll } from './matchers.ts';
export { Meter, type MeterOptions } from './meter.ts';
export { parse, parseSelector } from './parser.ts';
export { type ErrorType, PromqlError } from './promql-error.ts';
export type { Grid, Labels, Row, Samples, Value } from './series.ts';
export type { Expression, Matcher } from './syntax.ts';
export { typeOf } from './types.ts';
