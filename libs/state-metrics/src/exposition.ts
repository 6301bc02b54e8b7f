// Metrics of objects in the text format of Prometheus, in pieces: 10,000 pods have half a million samples, so nothing is
// ever in one place as a whole, and the event loop gets its turn between pieces.
// Format: https://prometheus.io/docs/instrumenting/exposition_formats/
import type { KubeObject } from '@berth/machinery';
import type { KindFamilies, Labels } from './family.ts';

export const contentType = 'text/plain; version=0.0.4; charset=utf-8';

const pieceChars = 64 * 2 ** 10;

/** All families of one kind over these objects; a family without samples still says what it is. */
export function* exposition<T extends KubeObject>({ identity, families }: KindFamilies<T>, objects: readonly T[]): Generator<string> {
  const identities = objects.map((object) => labelText(identity(object)));
  let piece = '';
  for (const { name, help, type, samples } of families) {
    piece += `# HELP ${name} ${help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')}\n# TYPE ${name} ${type}\n`;
    for (const [index, object] of objects.entries()) {
      const of = identities[index] ?? '';
      for (const { labels, value } of samples(object)) {
        const more = labels ? labelText(labels) : '';
        piece += `${name}{${of}${of && more ? ',' : ''}${more}} ${value}\n`;
      }
      if (piece.length < pieceChars) continue;
      yield piece;
      piece = '';
    }
  }
  if (piece !== '') yield piece;
}

function labelText(labels: Labels): string {
  let text = '';
  for (const name in labels) text += `${text && ','}${name}="${escaped(labels[name] ?? '')}"`;
  return text;
}

const special = /["\\\n]/;

function escaped(value: string): string {
  if (!special.test(value)) return value;
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}
