// The text format of Prometheus, for numbers that were measured elsewhere, each at a time of its own.

export type Labels = Record<string, string | undefined>;

export interface Sample {
  labels: Labels;
  value: number | undefined;
  /** When it was measured; absent for now. */
  atMs?: number;
}

/** Nothing at all for a family without samples. */
export function family(name: string, type: 'counter' | 'gauge', help: string, samples: Sample[]): string {
  const lines = samples.flatMap(({ labels, value, atMs }) =>
    value === undefined ? [] : [`${name}${labelText(labels)} ${value}${atMs === undefined ? '' : ` ${Math.round(atMs)}`}\n`],
  );
  return lines.length === 0 ? '' : `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines.join('')}`;
}

function labelText(labels: Labels): string {
  const pairs = Object.entries(labels).flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${JSON.stringify(value)}`]));
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}
