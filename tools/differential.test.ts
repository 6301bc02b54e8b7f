// What the differential test passes over stands in docs/differences.md: without its line there, it would be hidden.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { knownDifferences } from '../test/differential/known-differences.ts';

test.each(knownDifferences.map(({ words }) => words))('“%s” is said', async (words) => {
  const page = await readFile(join(import.meta.dirname, '..', 'docs', 'differences.md'), 'utf8');
  expect(page.replaceAll(/\s+/g, ' ')).toContain(words);
});
