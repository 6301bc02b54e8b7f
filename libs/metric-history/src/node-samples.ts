// What an agent reported, line by line, as series. The text of a line's labels is remembered with its series for as long as it comes, so
// that nothing is parsed twice. Whatever a node says is about itself: it cannot speak for another.
import type { Labels } from '@berth/promql';
import { jobOf, ofNodes } from './kept-metrics.ts';
import type { Series } from './series-table.ts';

/** More than the busiest node has. */
const linesMax = 10_000;
const line = /^(\w+)(?:\{(.*)\})? (\S+)$/;
const pair = /(\w+)="((?:[^"\\]|\\.)*)"/g;

export class NodeSamples {
  readonly #seriesOf: (labels: Labels) => Series | undefined;
  /** By node, then by the text before the value. */
  readonly #known = new Map<string, Map<string, Series>>();

  constructor(seriesOf: (labels: Labels) => Series | undefined) {
    this.#seriesOf = seriesOf;
  }

  /** @param text in the text format of Prometheus, without times */
  add(node: string, text: string, values: Map<Series, number>): void {
    const before = this.#known.get(node);
    const now = new Map<string, Series>();
    let lines = 0;
    for (const one of text.split('\n')) {
      const end = one.lastIndexOf(' ');
      if (end < 0 || one.startsWith('#')) continue;
      if (++lines > linesMax) break;
      const head = one.slice(0, end);
      const series = before?.get(head) ?? this.#parsed(node, one);
      const value = Number(one.slice(end + 1));
      if (!series || Number.isNaN(value)) continue;
      now.set(head, series);
      values.set(series, value);
    }
    this.#known.set(node, now);
  }

  /** Nodes that report no more are forgotten. */
  keep(nodes: ReadonlySet<string>): void {
    for (const node of this.#known.keys()) if (!nodes.has(node)) this.#known.delete(node);
  }

  #parsed(node: string, text: string): Series | undefined {
    const [, name, pairs = ''] = line.exec(text) ?? [];
    if (name === undefined || !ofNodes.test(name)) return undefined;
    const labels: Record<string, string> = {};
    for (const [, label = '', value = ''] of pairs.matchAll(pair)) {
      const plain = unescaped(value);
      if (plain !== '') labels[label] = plain;
    }
    return this.#seriesOf({ ...labels, __name__: name, job: jobOf(name), instance: node, node });
  }
}

function unescaped(value: string): string {
  return value.replace(/\\(.)/g, (_all, escaped: string) => (escaped === 'n' ? '\n' : escaped));
}
