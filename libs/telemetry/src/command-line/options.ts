// A command line and the file that it may name: what stands on the command line goes before what stands in the file, and that before
// defaults. Whatever is wrong is said in one line that names the option, or the file and its key.
import { type ParseArgsConfig, type ParseArgsOptionsConfig, parseArgs } from 'node:util';
import { readOptionsFile } from './options-file.ts';
import { UsageError } from './usage-error.ts';

type Strict<T extends ParseArgsOptionsConfig> = { args: string[]; options: T; strict: true; allowPositionals: false; tokens: true };
export type OptionValues<T extends ParseArgsOptionsConfig> = ReturnType<typeof parseArgs<Strict<T>>>['values'];

/**
 * @param options with a `config` that names the file @param use makes of the values what is wanted, and throws UsageErrors that begin
 * with the option @throws UsageError
 */
export function parseOptions<T extends ParseArgsOptionsConfig, R>(argv: string[], options: T, use: (values: OptionValues<T>) => R): R {
  const { values, tokens } = parsed({ args: argv, options, strict: true, allowPositionals: false, tokens: true });
  const file = (values as { config?: string }).config;
  const given = new Set(tokens.flatMap((token) => (token.kind === 'option' ? [token.name] : [])));
  const fromFile = file === undefined ? [] : [...readOptionsFile(file, options)].filter(([name]) => !given.has(name));
  try {
    return use({ ...values, ...Object.fromEntries(fromFile) });
  } catch (error) {
    if (!(error instanceof UsageError) || file === undefined) throw error;
    throw new UsageError(namedInFile(error.message, file, new Set(fromFile.map(([name]) => name))));
  }
}

function parsed<const T extends ParseArgsConfig>(config: T): ReturnType<typeof parseArgs<T>> {
  try {
    return parseArgs(config);
  } catch (error) {
    throw new UsageError(error instanceof Error ? (error.message.split('. ')[0] ?? error.message) : String(error));
  }
}

/** `--name: …` becomes `FILE: name: …` where the value came from there. */
function namedInFile(message: string, file: string, names: Set<string>): string {
  const [, name = '', rest = ''] = /^--([a-z0-9-]*[a-z0-9])(.*)$/s.exec(message) ?? [];
  const isThere = names.has(name) || (rest.startsWith('-…') && [...names].some((other) => other.startsWith(`${name}-`)));
  return isThere ? `${file}: ${name}${rest}` : message;
}
