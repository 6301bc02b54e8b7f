// Where the day of metrics that the server keeps is asked, as Prometheus is asked: its clients post what they ask, unlike those of all other
// paths that are no resources.

/** Below it is Prometheus' HTTP API. */
export const historyPath = ['metrics', 'history', 'api', 'v1'];

export function isHistoryQuery(segments: readonly string[]): boolean {
  return historyPath.every((segment, index) => segments[index] === segment);
}
