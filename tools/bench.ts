// npm run bench -- NAME: runs test/bench/NAME.ts and prints its result as one JSON line; everything else goes to standard error.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type DebianPackage, installMissing } from './cluster/debian.ts';
import { root } from './cluster/layout.ts';

/** What a file in test/bench exports. */
interface Benchmark {
  /** What it needs of Debian. */
  packages: readonly DebianPackage[];
  run(): Promise<object>;
}

const folder = join(root, 'test', 'bench');
const names = readdirSync(folder)
  .filter((file) => file.endsWith('.ts'))
  .map((file) => file.slice(0, -'.ts'.length));
const [name = ''] = process.argv.slice(2);
if (!names.includes(name)) {
  console.error(`berth: name a benchmark: ${names.join(', ')}`);
  process.exit(2);
}
const benchmark = (await import(pathToFileURL(join(folder, `${name}.ts`)).href)) as Benchmark;
installMissing(benchmark.packages, (message) => console.error(message));
console.log(JSON.stringify(await benchmark.run()));
process.exit(0);
