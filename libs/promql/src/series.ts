// What expressions are evaluated over and what comes out: series, and a value for every step of a grid of times.

/** With `__name__`; without empty values. */
export type Labels = Readonly<Record<string, string>>;

/** Ordered by time. A value of NaN says that the series ended there. */
export interface Samples {
  labels: Labels;
  timesMs: ArrayLike<number>;
  values: ArrayLike<number>;
}

/** Times at which an expression is evaluated. */
export interface Grid {
  startMs: number;
  stepMs: number;
  steps: number;
}

/** A series over a grid; where `present` is 0, there is none at that step. */
export interface Row {
  labels: Labels;
  values: Float64Array;
  present: Uint8Array;
}

export type Value = { type: 'scalar'; values: Float64Array } | { type: 'string'; value: string } | { type: 'vector'; rows: Row[] };

export function emptyRow(labels: Labels, steps: number): Row {
  return { labels, values: new Float64Array(steps), present: new Uint8Array(steps) };
}

export function isEverPresent({ present }: Row): boolean {
  return present.includes(1);
}

/** The same for the same labels in any order. */
export function keyOf(labels: Labels): string {
  let key = '';
  for (const name of Object.keys(labels).sort()) key += `${name}\u0000${labels[name]}\u0000`;
  return key;
}

export function withoutName(labels: Labels): Labels {
  const { __name__: _dropped, ...rest } = labels;
  return rest;
}

export function only(labels: Labels, names: readonly string[]): Labels {
  const kept: Record<string, string> = {};
  for (const name of names) if (labels[name]) kept[name] = labels[name];
  return kept;
}

export function allBut(labels: Labels, names: readonly string[]): Labels {
  const kept: Record<string, string> = {};
  for (const name in labels) if (name !== '__name__' && !names.includes(name)) kept[name] = labels[name] ?? '';
  return kept;
}
