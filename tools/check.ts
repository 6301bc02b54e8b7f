// npm run check: format, lint, types, dependency rules, style, and whether generated code is up to date.
import { join } from 'node:path';
import { execPath } from 'node:process';
import { checkDependencies } from './check-dependencies.ts';
import { checkStyle } from './check-style.ts';
import { root } from './cluster/layout.ts';
import { runCommand } from './cluster/run-command.ts';

const timeoutMs = 180_000;
const bin = (name: string) => join(root, 'node_modules', '.bin', name);
const typeScript = join(root, 'node_modules', 'typescript-native', 'bin', 'tsc');

/** Returns what to add to the line that says it passed. */
type Check = () => Promise<string>;

const checks: Record<string, Check> = {
  'format and lint': async () => {
    await run([bin('biome'), 'ci', '--error-on-warnings', '--colors=off', '.']);
    return '';
  },
  ...Object.fromEntries(
    ['tsconfig.json', 'tsconfig.apps.json', 'tsconfig.pure.json', 'apps/dashboard/tsconfig.json'].map((config) => [
      `types (${config})`,
      async () => {
        await run([execPath, typeScript, '-p', join(root, config)]);
        return '';
      },
    ]),
  ),
  dependencies: async () => {
    const { modules, violations } = await checkDependencies();
    if (violations.length > 0) throw new Error(violations.join('\n'));
    return `${modules} modules`;
  },
  style: async () => {
    const problems = checkStyle();
    if (problems.length > 0) throw new Error(problems.join('\n'));
    return '';
  },
  'generated code': async () => {
    await run([execPath, join(root, 'tools', 'generate.ts'), '--check']);
    return '';
  },
};

async function run(command: string[]): Promise<void> {
  await runCommand(command, { cwd: root, timeoutMs, env: { ...process.env, NO_COLOR: '1' } });
}

let failed = 0;
for (const [name, check] of Object.entries(checks)) {
  try {
    const detail = await check();
    console.log(`ok      ${name}${detail && `: ${detail}`}`);
  } catch (error) {
    failed++;
    console.log(`FAILED  ${name}\n${(error as Error).message}`);
  }
}
console.log(`${Object.keys(checks).length - failed} passed, ${failed} failed`);
process.exit(failed > 0 ? 1 : 0);
