// Which version this is: of a package, what it was made of; of a clone, what its package.json says.
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export interface ReleaseFacts {
  version: string;
  commit: string;
}

/** @param from the URL of this program's main file */
export function releaseFacts(from: string = import.meta.url): ReleaseFacts {
  const folder = (name: string) => fileURLToPath(new URL(`../../../${name}`, from));
  const file = [folder('release.json'), folder('package.json')].find((name) => existsSync(name));
  const facts = file === undefined ? {} : (JSON.parse(readFileSync(file, 'utf8')) as Partial<ReleaseFacts>);
  return { version: facts.version ?? 'unknown', commit: facts.commit ?? 'of a clone' };
}
