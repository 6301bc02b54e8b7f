// What compose files name, on the disk of whoever types the command; `-` is the standard input.
import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { ComposeError, type ComposeFiles, type FileContent } from '@berth/compose';

/** As Docker looks for them. */
const usualNames = ['compose.yaml', 'compose.yml', 'docker-compose.yaml', 'docker-compose.yml'];
/** Of one file: a ConfigMap or Secret holds no more. */
const fileBytesMax = 2 ** 20;

export function diskFiles(stdin: { path: string; text: string } | undefined): ComposeFiles {
  return {
    read: (path) => (path === stdin?.path ? contentOf(Buffer.from(stdin.text)) : readIfThere(path)),
    kindOf: (path) => {
      const found = statSync(path, { throwIfNoEntry: false });
      return found && (found.isDirectory() ? 'directory' : 'file');
    },
  };
}

function readIfThere(path: string): FileContent | undefined {
  if (!existsSync(path)) return undefined;
  const found = statSync(path);
  if (found.isDirectory()) throw new ComposeError(`${path} is a folder: a file is needed`);
  if (found.size > fileBytesMax) throw new ComposeError(`${path} has ${found.size} bytes: at most ${fileBytesMax} are taken`);
  return contentOf(readFileSync(path));
}

function contentOf(bytes: Buffer): FileContent {
  const text = bytes.toString('utf8');
  return { base64: bytes.toString('base64'), ...(Buffer.from(text).equals(bytes) && { text }) };
}

/** The file of this folder, or of the nearest one above, and what overrides it. @throws ComposeError */
export function usualFiles(directory: string): string[] {
  for (let at = resolve(directory); ; at = dirname(at)) {
    const name = usualNames.find((one) => existsSync(join(at, one)));
    if (name !== undefined) {
      const base = name.slice(0, name.indexOf('.'));
      const over = ['yaml', 'yml'].map((ending) => join(at, `${base}.override.${ending}`)).find((one) => existsSync(one));
      return [join(at, name), ...(over === undefined ? [] : [over])];
    }
    if (at === dirname(at)) throw new ComposeError(`there is no ${usualNames.join(', ')} here or above: name a file with -f`);
  }
}
