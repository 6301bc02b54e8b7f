// `berth uninstall`: everything that Berth runs and has set up on this machine goes; its state too, unless it is to stay.
import { existsSync } from 'node:fs';
import { rm, rmdir } from 'node:fs/promises';
import { agentDirectory, agentFile, metricsAddress, serverDirectory, serverFile, statedOptions } from './installation.ts';
import { programCommand } from './programs.ts';
import { runToEnd } from './run-to-end.ts';
import { agentArguments } from './server-plan.ts';

const units = ['berth-server.service', 'berth-agent.service'];

/** @throws Error naming what still runs, or could not be removed; then the state stays */
export async function uninstall({ keepState }: { keepState: boolean }, report: (line: string) => void): Promise<void> {
  if (existsSync('/run/systemd/system')) await runToEnd(['systemctl', 'disable', '--now', ...units]).catch(ignoreMissingUnits);
  const agent = statedOptions([], agentFile);
  const directory = agent.value('data-dir') ?? agentDirectory;
  await refuseWhileRunning(agent.value('metrics-address') ?? metricsAddress);
  if (existsSync(directory)) {
    report('ending pods and removing the network of this node');
    await runToEnd(programCommand('node-agent', [...agentArguments([]), '--tear-down']));
  }
  await removeEmpty();
  if (keepState) return;
  const server = statedOptions([], serverFile).value('data-dir') ?? serverDirectory;
  for (const place of [directory, server]) {
    if (!existsSync(place)) continue;
    await rm(place, { recursive: true, force: true });
    report(`removed ${place}`);
  }
}

/** Folders that agents and containerd make outside their own; they stay where somebody else has something in them. */
async function removeEmpty(): Promise<void> {
  for (const folder of ['/var/log/containers', '/var/log/pods', '/run/containerd/s', '/run/containerd/fifo', '/run/containerd']) {
    await rmdir(folder).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT' && error.code !== 'ENOTEMPTY') throw error;
    });
  }
}

/** An installation without systemd's units has none to stop. */
function ignoreMissingUnits(error: Error): void {
  if (!/does not exist|not loaded|No such file/.test(error.message)) throw error;
}

async function refuseWhileRunning(address: string): Promise<void> {
  const answers = await fetch(`http://${address}/healthz`, { signal: AbortSignal.timeout(5_000) }).then(
    () => true,
    () => false,
  );
  if (answers) throw new Error(`the agent of this machine still runs (it answers at ${address}): stop berth server or berth agent first`);
}
