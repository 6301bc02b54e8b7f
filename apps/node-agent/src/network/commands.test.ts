import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { runCommand } from './commands.ts';

const run = promisify(execFile);

test('a program gets its input, and what it prints is the answer', async () => {
  expect(await runCommand('cat', [], 'rules')).toBe('rules');
  // One that reads none of it.
  expect(await runCommand('true', [], 'x'.repeat(1_000_000))).toBe('');
});

test('a program that fails, and one that is not there, say so', async () => {
  await expect(runCommand('sh', ['-c', 'echo no table >&2; exit 3'])).rejects.toThrow('sh -c echo no table >&2; exit 3 failed: no table');
  await expect(runCommand('berth-no-such-program', [])).rejects.toThrow(
    'cannot run berth-no-such-program: spawn berth-no-such-program ENOENT',
  );
});

test('a process without descriptors to spare is refused the program, and goes on', async () => {
  const commands = fileURLToPath(new URL('./commands.ts', import.meta.url));
  const program = `
    import { openSync } from 'node:fs';
    const { runCommand } = await import(${JSON.stringify(commands)});
    try { for (;;) openSync('/dev/null'); } catch (error) { if (error.code !== 'EMFILE') throw error; }
    const refusal = await runCommand('true', []).catch((error) => error.message);
    await new Promise((resolve) => setTimeout(resolve, 20));
    console.log(refusal);
    process.exit();`;
  const limited = ['-c', 'ulimit -n 60; exec "$0" "$@"', process.execPath, '--no-warnings', '--input-type=module', '--eval', program];
  expect((await run('bash', limited)).stdout.trim()).toBe('cannot run true: spawn true EMFILE');
});
