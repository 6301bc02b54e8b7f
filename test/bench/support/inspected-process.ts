// A Node process seen through its inspector: what its heap holds once everything that nothing refers to is gone. It has to be started
// with --inspect-port=0, so that the inspector takes a free port, and says which in its log.
import { kill } from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';

const openTimeoutMs = 10_000;

export interface InspectedProcess {
  pid: number;
  /** All that it has printed. */
  log(): string;
}

/** In bytes. */
export async function heapAfterCollection(process: InspectedProcess): Promise<number> {
  const socket = new WebSocket(await inspectorUrl(process));
  try {
    await new Promise((resolve, reject) => {
      socket.addEventListener('open', resolve, { once: true });
      socket.addEventListener('error', () => reject(new Error(`the inspector of process ${process.pid} cannot be reached`)), {
        once: true,
      });
    });
    await call(socket, 'HeapProfiler.enable');
    // What has a finalizer goes with the second one.
    for (let round = 0; round < 2; round++) await call(socket, 'HeapProfiler.collectGarbage');
    await call(socket, 'HeapProfiler.disable');
    const { usedSize } = await call<{ usedSize: number }>(socket, 'Runtime.getHeapUsage');
    return usedSize;
  } finally {
    socket.close();
  }
}

/** Opens the inspector where it is not open yet. */
async function inspectorUrl({ pid, log }: InspectedProcess): Promise<string> {
  const printed = () => [...log().matchAll(/Debugger listening on (ws:\S+)/g)].at(-1)?.[1];
  if (!printed()) kill(pid, 'SIGUSR1');
  for (let waitedMs = 0; waitedMs < openTimeoutMs; waitedMs += 50) {
    const url = printed();
    if (url) return url;
    await sleep(50);
  }
  throw new Error(`process ${pid} did not say where its inspector listens`);
}

let calls = 0;

function call<T>(socket: WebSocket, method: string): Promise<T> {
  const id = ++calls;
  return new Promise((resolve, reject) => {
    const onMessage = ({ data }: MessageEvent) => {
      const answer = JSON.parse(String(data)) as { id?: number; result: T; error?: { message: string } };
      if (answer.id !== id) return;
      socket.removeEventListener('message', onMessage);
      if (answer.error) reject(new Error(`${method}: ${answer.error.message}`));
      else resolve(answer.result);
    };
    socket.addEventListener('message', onMessage);
    socket.addEventListener('close', () => reject(new Error(`${method}: the inspector has closed the connection`)), { once: true });
    socket.send(JSON.stringify({ id, method }));
  });
}
