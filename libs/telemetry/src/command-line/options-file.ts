// A file in YAML with the same names as the options of a command line, so that there is one vocabulary for both. What is wrong with it is
// said with the file and the key.
import { readFileSync } from 'node:fs';
import type { ParseArgsOptionsConfig } from 'node:util';
import { isMap, isScalar, isSeq, type Node, parseDocument, type Scalar } from 'yaml';
import { UsageError } from './usage-error.ts';

/** As parseArgs would have given it. */
export type OptionValue = string | boolean | string[];

/** What says what to do now, rather than how to run, belongs on the command line alone. */
const neverInFile = ['config', 'help', 'tear-down', 'check', 'restore', 'import-image'];

/** @throws UsageError naming the file, and the key that is unknown or holds what the option cannot take */
export function readOptionsFile(file: string, options: ParseArgsOptionsConfig): Map<string, OptionValue> {
  const document = parseDocument(readText(file));
  const problem = document.errors[0];
  if (problem) throw new UsageError(`${file}: ${problem.message.split('\n')[0]?.replace(/:$/, '')}`);
  const { contents } = document;
  if (contents === null || (isScalar(contents) && contents.value === null)) return new Map();
  if (!isMap(contents)) throw new UsageError(`${file}: is not a list of keys with values, such as "log-level: debug"`);
  return new Map(contents.items.map(({ key, value }) => entry(file, options, String(key), value as Node | null)));
}

function entry(file: string, options: ParseArgsOptionsConfig, key: string, value: Node | null): [string, OptionValue] {
  const option = options[key];
  if (!option || neverInFile.includes(key))
    throw new UsageError(`${file}: unknown key ${JSON.stringify(key)}; ${suggestion(options, key)}`);
  if (value === null || (isScalar(value) && value.value === null))
    throw new UsageError(`${file}: ${key}: has no value; give it one, or take the line out`);
  if (option.type === 'boolean') {
    if (isScalar(value) && typeof value.value === 'boolean') return [key, value.value];
    throw new UsageError(`${file}: ${key}: is not true or false`);
  }
  const texts = textsOf(file, key, value);
  return [key, option.multiple ? texts : texts.join(',')];
}

/** A list, or a mapping of KEY: VALUE, stands for what the option separates by commas. */
function textsOf(file: string, key: string, value: Node): string[] {
  if (isScalar(value)) return [textOf(value)];
  if (isSeq(value)) return value.items.map((item) => (isScalar(item) ? textOf(item) : refuse(file, key)));
  if (isMap(value))
    return value.items.map((pair) => (isScalar(pair.value) ? `${String(pair.key)}=${textOf(pair.value)}` : refuse(file, key)));
  return refuse(file, key);
}

function refuse(file: string, key: string): never {
  throw new UsageError(`${file}: ${key}: is neither a text nor a list or mapping of texts`);
}

/** As it is written: a version such as 1.10 is no number here. */
function textOf({ value, source }: Scalar): string {
  if (value === null) return '';
  return typeof value === 'string' ? value : (source ?? String(value));
}

function suggestion(options: ParseArgsOptionsConfig, key: string): string {
  const known = Object.keys(options).filter((name) => !neverInFile.includes(name));
  const near = known.filter((name) => distance(name, key) <= 3);
  return near.length > 0 ? `did you mean ${near.join(' or ')}?` : 'keys are the options of --help, without their dashes';
}

/** Levenshtein's: the least number of letters to change, add or take away. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (const [i, letter] of [...a].entries()) {
    const next = [i + 1];
    for (const [j, other] of [...b].entries()) {
      next.push(Math.min((next[j] ?? 0) + 1, (row[j + 1] ?? 0) + 1, (row[j] ?? 0) + (letter === other ? 0 : 1)));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new UsageError(`--config: ${error instanceof Error ? error.message : String(error)}`);
  }
}
