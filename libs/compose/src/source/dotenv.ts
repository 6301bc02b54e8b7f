// `.env` and `env_file`: NAME=value a line, with quotes, comments, `export`, and variables of the lines before.
import { ComposeError } from '../compose-error.ts';
import { interpolate, type Variables } from './interpolate.ts';

const escapes: Record<string, string> = { n: '\n', r: '\r', t: '\t', '"': '"', '\\': '\\', $: '$$' };

/**
 * A name without `=` has the value of the shell, and is absent when that has none.
 * @param isRaw nothing is unquoted or interpolated, as of `format: raw`
 * @throws ComposeError that names file and line
 */
export function parseDotenv(text: string, file: string, shell: Variables, isRaw = false): Record<string, string> {
  const values: Record<string, string> = {};
  const variables = () => ({ ...values, ...shell });
  const lines = text.split(/\r?\n/);
  for (let index = 0; index < lines.length; index++) {
    const line = (lines[index] ?? '').trim();
    if (line === '' || line.startsWith('#')) continue;
    const where = `${file}, line ${index + 1}`;
    const match = /^(?:export\s+)?([^\s=:'"]+)\s*(?:[=:]\s*([\s\S]*))?$/.exec(line);
    const [, name = '', rest] = match ?? [];
    if (!match) throw new ComposeError(`${where}: ${JSON.stringify(line.slice(0, 80))} is not NAME=value`);
    if (rest === undefined) {
      const own = shell[name];
      if (own !== undefined) values[name] = own;
      continue;
    }
    if (isRaw) {
      values[name] = rest;
      continue;
    }
    let value = rest;
    const quote = value[0];
    if (quote === '"' || quote === "'") {
      while (endOfQuoted(value) < 0 && index + 1 < lines.length) value += `\n${lines[++index]}`;
      if (endOfQuoted(value) < 0) throw new ComposeError(`${where}: a ${quote} is not closed`);
    }
    values[name] = valueIn(value, variables(), where);
  }
  return values;
}

/** Where the quote that the text begins with ends, or -1. */
function endOfQuoted(text: string): number {
  for (let at = 1; at < text.length; at++) {
    if (text[at] === '\\' && text[0] === '"') at++;
    else if (text[at] === text[0]) return at;
  }
  return -1;
}

function valueIn(value: string, variables: Variables, where: string): string {
  if (value.startsWith("'")) return value.slice(1, endOfQuoted(value));
  const isQuoted = value.startsWith('"');
  const text = isQuoted
    ? value.slice(1, endOfQuoted(value)).replace(/\\([nrt"\\$])/g, (_, letter: string) => escapes[letter] ?? letter)
    : value.replace(/(^|\s)#.*$/, '').trimEnd();
  try {
    return interpolate(text, variables, () => undefined);
  } catch (error) {
    throw new ComposeError(`${where}: ${(error as Error).message}`, { cause: error });
  }
}
