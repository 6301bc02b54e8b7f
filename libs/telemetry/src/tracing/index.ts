export { openTracing, type Tracing } from './open-tracing.ts';
export { parseTraceparent, podIds, type SpanContext } from './trace-context.ts';
export { type Attributes, type FinishedSpan, type Span, type SpanKind, type SpanOptions, Tracer } from './tracer.ts';
export { parseTracing, type TracingConfig, tracingOptions, tracingUsage } from './tracing-configuration.ts';
