// A day of metrics on disk, bounded, and Prometheus' HTTP API over it.
export { type HistoryOptions, MetricHistory } from './history.ts';
export { keptOfObjects } from './kept-metrics.ts';
export { type QueryAnswer, QueryApi, type QueryApiOptions } from './query-api.ts';
export { MetricRecorder, type NodeReport, type ProcessMetric, type RecorderOptions, recordedEveryMs } from './recorder.ts';
export type { Series } from './series-table.ts';
