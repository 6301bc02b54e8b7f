// A command in a container of a pod, over a WebSocket (v5.channel.k8s.io): its input goes out as fast as the other end takes it, and its output
// is handed on as it comes. A connection that breaks before the command's end was told is an error, never an end.
import { isRecord, parseJson, type Status, StatusError } from '@berth/machinery';
import type { WebSocket } from 'ws';

const channels = { stdin: 0, stdout: 1, stderr: 2, error: 3, close: 255 } as const;
const pieceBytesMax = 256 * 1024;
const protocol = 'v5.channel.k8s.io';

export interface ExecCall {
  namespace: string;
  pod: string;
  container: string;
  command: readonly string[];
  /** Called in turn; what it does not take at once is its own matter. */
  output(stream: 'stdout' | 'stderr', data: Buffer): void;
  signal?: AbortSignal | undefined;
}

export interface ExecSession {
  /** Resolves once it is on its way. @throws Error when the connection is gone */
  write(data: Uint8Array): Promise<void>;
  /** The exit code. @throws StatusError where it could not run, Error where the connection broke */
  readonly exit: Promise<number>;
  /** Ends the connection, and so the command's input. */
  close(): void;
}

/** @param connect opens a WebSocket at a path of the API; `opened` is called before anything can have come over it */
export async function execInPod(
  call: ExecCall,
  connect: (path: string, protocol: string, opened: (socket: WebSocket) => ExecSession) => Promise<ExecSession>,
): Promise<ExecSession> {
  const { namespace, pod, container, command, signal } = call;
  signal?.throwIfAborted();
  const options = [['container', container], ...['stdin', 'stdout', 'stderr'].map((name) => [name, 'true'])];
  const query = new URLSearchParams([...options, ...command.map((word) => ['command', word])] as [string, string][]);
  const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods/${encodeURIComponent(pod)}/exec?${query}`;
  return connect(path, protocol, (socket) => sessionOf(socket, call));
}

function sessionOf(socket: WebSocket, { output, signal }: ExecCall): ExecSession {
  const end = () => socket.close();
  signal?.addEventListener('abort', end, { once: true });
  const exit = ended(socket, output).finally(() => signal?.removeEventListener('abort', end));
  // Whoever is still writing asks later.
  exit.catch(() => undefined);
  if (signal?.aborted) end();
  return {
    exit,
    close: end,
    async write(data) {
      for (let at = 0; at < data.length; at += pieceBytesMax)
        await sent(socket, Buffer.concat([Buffer.of(channels.stdin), data.subarray(at, at + pieceBytesMax)]));
    },
  };
}

function sent(socket: WebSocket, message: Buffer): Promise<void> {
  return new Promise((resolve, reject) => socket.send(message, (error) => (error ? reject(error) : resolve())));
}

function ended(socket: WebSocket, output: ExecCall['output']): Promise<number> {
  return new Promise((resolve, reject) => {
    socket.on('error', reject);
    socket.on('close', (code, reason) => {
      reject(new Error(`the connection to the command broke off (${code}${reason.length > 0 ? `: ${reason}` : ''})`));
    });
    socket.on('message', (message: Buffer) => {
      const data = message.subarray(1);
      if (message[0] === channels.stdout) output('stdout', data);
      else if (message[0] === channels.stderr) output('stderr', data);
      else if (message[0] === channels.error) {
        try {
          resolve(exitCode(data.toString('utf8')));
        } catch (error) {
          reject(error);
        }
        socket.close();
      }
    });
  });
}

/** As a Status says it. @throws StatusError where the command did not run */
function exitCode(text: string): number {
  const status = parseJson(text);
  if (!isRecord(status)) throw new Error(`the command ended with what is no Status: ${text.slice(0, 200)}`);
  if (status.status === 'Success') return 0;
  const { details } = status as unknown as Status;
  const code = Number(details?.causes?.find(({ reason }) => reason === 'ExitCode')?.message);
  if (!Number.isInteger(code)) throw StatusError.from(status as unknown as Status);
  return code;
}
