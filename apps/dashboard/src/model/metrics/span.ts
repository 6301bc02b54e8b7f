// How far back charts look, and at which times: at most 300 points, on a grid that does not move with every look, so that lines stand still.

export interface Span {
  id: string;
  label: string;
  seconds: number;
  stepSeconds: number;
}

export const pointsMax = 300;
/** How far apart the samples of the history are. */
const sampleSeconds = 30;
/** Rates over less are uneven: reports of nodes and samples of the history have no fixed phase. */
const rateSecondsMin = 120;

const minutes: [id: string, label: string, minutes: number][] = [
  ['15m', '15 min', 15],
  ['1h', '1 hour', 60],
  ['3h', '3 hours', 180],
  ['6h', '6 hours', 360],
  ['12h', '12 hours', 720],
  ['24h', '24 hours', 1440],
];

export const spans: Span[] = minutes.map(([id, label, count]) => {
  const seconds = count * 60;
  const steps = Math.ceil(seconds / sampleSeconds / (pointsMax - 1));
  return { id, label, seconds, stepSeconds: steps * sampleSeconds };
});

export const defaultSpan = spans[1] as Span;

export function spanOf(id: string | null): Span {
  return spans.find((span) => span.id === id) ?? defaultSpan;
}

export interface Grid {
  startSeconds: number;
  endSeconds: number;
  stepSeconds: number;
}

/** The last point is the newest that a sample may be there for. */
export function gridOf({ seconds, stepSeconds }: Span, nowMs: number): Grid {
  const endSeconds = Math.floor(nowMs / 1000 / stepSeconds) * stepSeconds;
  return { startSeconds: endSeconds - Math.floor(seconds / stepSeconds) * stepSeconds, endSeconds, stepSeconds };
}

/** Of rates, as PromQL has it: every sample between two points counts. */
export function rateWindow({ stepSeconds }: Span): string {
  return `${Math.max(rateSecondsMin, stepSeconds)}s`;
}

export function timesOf({ startSeconds, endSeconds, stepSeconds }: Grid): number[] {
  const count = Math.round((endSeconds - startSeconds) / stepSeconds) + 1;
  return Array.from({ length: count }, (_, index) => startSeconds + index * stepSeconds);
}
