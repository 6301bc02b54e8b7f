// A compose file as values, with the line that each of them stands on. Numbers keep the form that they were written in (a mode 0440, a
// version 1.10): what a key takes decides what they become.
import { isMap, isSeq, LineCounter, type Node, parseDocument, Scalar, visit } from 'yaml';
import { ComposeError } from '../compose-error.ts';

export type Path = readonly (string | number)[];

export interface LocatedDocument {
  file: string;
  value: unknown;
  /** Of what is there, or what it would be in. */
  lineOf(path: Path): number;
  /** Paths, as `pathText` writes them, with the tags !reset and !override: what files before this one say is not merged there. */
  resets: ReadonlySet<string>;
  overrides: ReadonlySet<string>;
}

/** `services.web.ports[0]`. */
export function pathText(path: Path): string {
  let text = '';
  for (const part of path) text += typeof part === 'number' ? `[${part}]` : text === '' ? part : `.${part}`;
  return text;
}

/** @throws ComposeError that names file and line */
export function readDocument(text: string, file: string): LocatedDocument {
  const lines = new LineCounter();
  const document = parseDocument(text, { merge: true, lineCounter: lines, logLevel: 'silent' });
  const [error] = document.errors;
  if (error) {
    const [message = ''] = error.message.split('\n');
    throw new ComposeError(`${file}, line ${lines.linePos(error.pos[0]).line}: ${message.replace(/ at line \d+, column \d+:?$/, '')}`);
  }
  visit(document, {
    Scalar: (_, node) => {
      if (typeof node.value === 'number' && node.source !== undefined) node.value = node.source;
    },
  });
  const resets = new Set<string>();
  const overrides = new Set<string>();
  collectTags(document.contents, [], resets, overrides);
  const lineAt = (node: Node | null | undefined) => (node?.range ? lines.linePos(node.range[0]).line : undefined);
  try {
    const value: unknown = document.toJS({ maxAliasCount: 1000 });
    return { file, value, resets, overrides, lineOf: (path) => lineOf(document.contents, path, lineAt) };
  } catch (cause) {
    throw new ComposeError(`${file}: ${(cause as Error).message}`, { cause });
  }
}

function collectTags(node: unknown, path: Path, resets: Set<string>, overrides: Set<string>): void {
  const { tag } = (node ?? {}) as { tag?: string };
  if (tag === '!reset') resets.add(pathText(path));
  if (tag === '!override') overrides.add(pathText(path));
  if (isMap(node)) for (const { key, value } of node.items) collectTags(value, [...path, keyText(key)], resets, overrides);
  if (isSeq(node)) for (const [index, item] of node.items.entries()) collectTags(item, [...path, index], resets, overrides);
}

function keyText(key: unknown): string {
  return String(key instanceof Scalar ? key.value : key);
}

function lineOf(root: unknown, path: Path, lineAt: (node: Node | null | undefined) => number | undefined): number {
  let line = lineAt(root as Node | null) ?? 1;
  let node = root;
  for (const part of path) {
    if (isMap(node)) {
      const pair = node.items.find(({ key }) => keyText(key) === String(part));
      if (!pair) return line;
      line = lineAt(pair.key as Node) ?? line;
      node = pair.value;
    } else if (isSeq(node) && typeof part === 'number') {
      node = node.items[part];
      line = lineAt(node as Node | null) ?? line;
    } else return line;
  }
  return line;
}
