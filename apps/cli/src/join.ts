// `berth join`: what `berth agent` would be told on its command line goes into its file, where its unit finds it after every start of the
// machine, and the unit is enabled. The token stands there no longer than it is needed.
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { systemClock } from '@berth/telemetry';
import { UsageError } from '@berth/telemetry/command-line';
import { parseDocument } from 'yaml';
import { agentDirectory, agentFile, identityFile, statedOptions } from './installation.ts';
import { programCommand } from './programs.ts';
import { runToEnd } from './run-to-end.ts';

const joinTimeoutMs = 60_000;
const pollMs = 250;

/** @param argv of `berth agent` @throws UsageError, or Error saying what keeps the node from joining */
export async function joinAsNode(argv: string[], report: (line: string) => void): Promise<void> {
  const given = optionPairs(argv);
  if (given.server === undefined || given.token === undefined)
    throw new UsageError('it is: berth join --server URL --token TOKEN [options of berth agent]');
  const text = withOptions(existsSync(agentFile) ? await readFile(agentFile, 'utf8') : '', given);
  await replaceChecked(text);
  report(`${agentFile}: written`);
  if (!existsSync('/run/systemd/system')) {
    report('systemd does not run here: start `berth agent` by what starts programs with this machine');
    return;
  }
  await runToEnd(['systemctl', 'enable', 'berth-agent.service']);
  await runToEnd(['systemctl', 'restart', 'berth-agent.service']);
  await joined();
  await replaceChecked(withOptions(await readFile(agentFile, 'utf8'), { token: undefined }));
  report('this machine is a node of the cluster; its token is no longer in the file');
}

/** @returns the names with their values @throws UsageError for what is no option with a value */
export function optionPairs(argv: readonly string[]): Record<string, string> {
  const pairs: Record<string, string> = {};
  for (let at = 0; at < argv.length; at++) {
    const [, name, value] = /^--([a-z0-9-]+)(?:=(.*))?$/s.exec(argv[at] ?? '') ?? [];
    const found = value ?? argv[at + 1];
    if (name === undefined || found === undefined || (value === undefined && found.startsWith('--')))
      throw new UsageError(`${JSON.stringify(argv[at])} is not an option with a value`);
    if (value === undefined) at++;
    pairs[name] = found;
  }
  return pairs;
}

/** The file with these values, and all else as it was, comments as well. Undefined takes one out. */
export function withOptions(text: string, options: Record<string, string | undefined>): string {
  const document = parseDocument(text);
  const problem = document.errors[0];
  if (problem) throw new UsageError(`${agentFile}: ${problem.message.split('\n')[0]}`);
  for (const [name, value] of Object.entries(options)) {
    if (value === undefined) document.delete(name);
    else document.set(name, value);
  }
  const made = document.toString({ lineWidth: 0 });
  return document.contents === null || Object.keys(document.toJS() ?? {}).length === 0 ? made.replace(/^(null|\{\})\n/m, '') : made;
}

/** In one step, and only what the agent takes. */
async function replaceChecked(text: string): Promise<void> {
  await mkdir(dirname(agentFile), { recursive: true, mode: 0o700 });
  const unfinished = `${agentFile}.new`;
  await writeFile(unfinished, text, { mode: 0o600 });
  try {
    const check = programCommand('node-agent', ['--data-dir', agentDirectory, '--config', unfinished, '--check']);
    await runToEnd(check).catch((cause) => {
      throw new UsageError(`${agentFile} stays as it was: the agent would not take this`, { cause });
    });
    await rename(unfinished, agentFile);
  } finally {
    await rm(unfinished, { force: true });
  }
}

async function joined(): Promise<void> {
  const identity = identityFile(statedOptions([], agentFile).value('data-dir') ?? agentDirectory);
  const deadlineMs = systemClock.monotonicMs() + joinTimeoutMs;
  while (!existsSync(identity)) {
    if (systemClock.monotonicMs() > deadlineMs)
      throw new Error(`this machine did not join within ${joinTimeoutMs / 1000} s and goes on trying: journalctl -u berth-agent says why`);
    await systemClock.sleep(pollMs);
  }
}
