// `npm run generate` writes every generated file; `-- --check` only reports those that are out of date, and then exits 1.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { generateKinds } from './generate-kinds.ts';
import { generateProtocol } from './generate-protocol.ts';

const root = join(import.meta.dirname, '..');
const check = process.argv.includes('--check');
let stale = 0;
for (const [path, content] of [...generateKinds(), ...generateProtocol()]) {
  const file = join(root, path);
  let current = '';
  try {
    current = readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  if (current === content) continue;
  stale++;
  if (check) console.error(`${path} is out of date: run npm run generate`);
  else {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, content);
  }
}
console.log(check ? `${stale} generated files are out of date` : `${stale} files written`);
if (check && stale > 0) process.exitCode = 1;
