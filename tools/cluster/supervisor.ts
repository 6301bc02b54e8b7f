// Starts again what dies of a cluster that `npm run up` started: control plane, agents, registry, etcd. A process of its own that goes by the
// records of the others, so that it can come and go without them; it is away while somebody else starts or stops them.
import { argv } from 'node:process';
import { fileURLToPath } from 'node:url';
import { systemClock } from '@berth/telemetry';
import { pauseMs, steadyMs } from '../../apps/cli/src/supervisor.ts';
import { ProcessFolder } from './processes.ts';

export const supervisorName = 'supervisor';
/** What a dead process costs until it is seen. */
const lookEveryMs = 500;

interface Watched {
  startedMs: number;
  shortLives: number;
  /** When it is due to be started again. */
  dueMs: number | undefined;
}

/** What is to be started now, one look after the other. */
export class DeathWatch {
  readonly #processes: Pick<ProcessFolder, 'names' | 'running'>;
  readonly #watched = new Map<string, Watched>();

  constructor(processes: Pick<ProcessFolder, 'names' | 'running'>) {
    this.#processes = processes;
  }

  /** @returns names of processes that are dead and whose pause is over; whoever calls starts them */
  due(nowMs: number): string[] {
    const names = this.#processes.names().filter((name) => name !== supervisorName);
    for (const name of this.#watched.keys()) if (!names.includes(name)) this.#watched.delete(name);
    return names.filter((name) => this.#isDue(name, nowMs));
  }

  #isDue(name: string, nowMs: number): boolean {
    const watched = this.#watched.get(name) ?? { startedMs: nowMs, shortLives: 0, dueMs: undefined };
    this.#watched.set(name, watched);
    if (this.#processes.running(name)) {
      watched.dueMs = undefined;
      return false;
    }
    if (watched.dueMs === undefined) {
      watched.shortLives = nowMs - watched.startedMs >= steadyMs ? 0 : watched.shortLives + 1;
      watched.dueMs = nowMs + pauseMs(watched.shortLives);
    }
    if (nowMs < watched.dueMs) return false;
    Object.assign(watched, { dueMs: undefined, startedMs: nowMs });
    return true;
  }
}

async function main(directory: string): Promise<void> {
  const processes = new ProcessFolder(directory);
  const watch = new DeathWatch(processes);
  const stopping = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => stopping.abort());
  while (!stopping.signal.aborted) {
    for (const name of watch.due(systemClock.monotonicMs())) {
      const { record } = processes.restart(name);
      console.error(`${new Date(systemClock.now()).toISOString()} ${name} had died and is started again as process ${record.pid}`);
    }
    await systemClock.sleep(lookEveryMs, stopping.signal).catch(() => undefined);
  }
}

if (argv[1] === fileURLToPath(import.meta.url)) await main(argv[2] ?? '');
