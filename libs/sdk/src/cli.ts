// The program `berth-sdk`: `berth-sdk types crd.yaml > types.ts`.
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { argv, stderr, stdout } from 'node:process';
import { generateTypes, readDefinitions } from './types/index.ts';

const usage = 'usage: berth-sdk types FILE [FILE …]   prints TypeScript for the kinds of CustomResourceDefinitions in YAML';

/** @returns the process's exit code */
function main([command, ...files]: string[]): number {
  if (command === '--help' || command === 'help') {
    stdout.write(`${usage}\n`);
    return 0;
  }
  if (command !== 'types' || files.length === 0 || files.some((file) => file.startsWith('-'))) {
    stderr.write(`${usage}\n`);
    return 2;
  }
  try {
    const definitions = files.flatMap((file) => readDefinitions(file, readFileSync(file, 'utf8')));
    stdout.write(generateTypes(definitions, files.map((file) => basename(file)).join(', ')));
    return 0;
  } catch (error) {
    stderr.write(`berth-sdk: ${error instanceof Error ? error.message : String(error)}\n`);
    return 1;
  }
}

process.exitCode = main(argv.slice(2));
