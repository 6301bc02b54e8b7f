// What axe finds wrong with a page for people who use it otherwise than by eye and pointer.
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type { Page } from 'playwright-core';

interface Violation {
  id: string;
  help: string;
  nodes: { html: string; failureSummary?: string }[];
}

const htmlLengthMax = 200;

/** One text a rule that is broken. */
export async function violationsOn(page: Page): Promise<string[]> {
  const script = createRequire(import.meta.url).resolve('axe-core/axe.min.js');
  // By the debugger: the page's policy allows no scripts but its own.
  await page.evaluate(await readFile(script, 'utf8'));
  const { violations } = (await page.evaluate('axe.run()')) as { violations: Violation[] };
  return violations.map(({ id, help, nodes }) => {
    const places = nodes.map(({ html, failureSummary }) => `${html.slice(0, htmlLengthMax)} (${failureSummary})`);
    return `${id}: ${help}\n${places.join('\n')}`;
  });
}
