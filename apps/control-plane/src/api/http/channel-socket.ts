// A WebSocket of channels joined to a tunnel. Bytes wait for whoever is slower: the socket is not read while the tunnel is
// full, and the tunnel is not read while the socket is.
import { StatusError } from '@berth/machinery';
import type { Tunnel } from '@berth/protocol';
import type { RawData, WebSocket } from 'ws';
import { statusOf } from './responses.ts';

const channels = { stdin: 0, stdout: 1, stderr: 2, error: 3, resize: 4, close: 255 } as const;

/** Resolves when the socket is done. What fails, opening included, is told on the error channel. */
export async function connectChannels(socket: WebSocket, opening: Promise<Tunnel>, options: { tty: boolean }): Promise<void> {
  // Until there is a tunnel, what the client sends stays in the kernel's buffer.
  socket.pause();
  socket.on('error', () => socket.terminate());
  let tunnel: Tunnel;
  try {
    tunnel = await opening;
  } catch (error) {
    socket.resume();
    await finish(socket, statusOf(error));
    return;
  }
  if (socket.readyState !== socket.OPEN) return tunnel.abort(new Error('the client went away'));
  socket.on('close', () => tunnel.abort(new Error('the client went away')));
  tunnel.onData((channel, data) => write(socket, channel === 'stderr' ? channels.stderr : channels.stdout, data));
  socket.on('message', (data) => void receive(socket, tunnel, bytesOf(data), options));
  socket.resume();
  const { exitCode, error } = await tunnel.finished;
  await finish(socket, resultStatus(exitCode, error));
}

async function receive(socket: WebSocket, tunnel: Tunnel, message: Uint8Array, { tty }: { tty: boolean }): Promise<void> {
  const [channel] = message;
  const data = message.subarray(1);
  if (channel === channels.close && data[0] === channels.stdin) return tunnel.end('stdin');
  if (channel === channels.resize && tty) return resizeFrom(tunnel, data);
  if (channel !== channels.stdin || data.length === 0) return;
  socket.pause();
  try {
    await tunnel.send('stdin', data);
  } catch {
    // The tunnel broke: `finished` says so, and there is nobody to take the input.
    return;
  } finally {
    socket.resume();
  }
}

/** @param data `{"Width":…,"Height":…}` in JSON */
export function resizeFrom(tunnel: Tunnel, data: Uint8Array): void {
  let size: { Width?: unknown; Height?: unknown } | null;
  try {
    size = JSON.parse(Buffer.from(data).toString('utf8'));
  } catch {
    // A size that cannot be read changes nothing.
    return;
  }
  const { Width: width, Height: height } = size ?? {};
  if (isDimension(width) && isDimension(height)) tunnel.resize(width, height);
}

function isDimension(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value > 0 && value < 65_536;
}

function write(socket: WebSocket, channel: number, data: Uint8Array): Promise<void> {
  if (socket.readyState !== socket.OPEN) return Promise.resolve();
  const message = Buffer.allocUnsafe(data.length + 1);
  message[0] = channel;
  message.set(data, 1);
  // An error means that the socket is closing, which ends the tunnel by itself.
  return new Promise((resolve) => socket.send(message, () => resolve()));
}

async function finish(socket: WebSocket, status: unknown): Promise<void> {
  await write(socket, channels.error, Buffer.from(JSON.stringify(status)));
  socket.close(1000);
}

/** How a command ended, as remote command clients read it. */
export function resultStatus(exitCode: number, error: string | undefined): unknown {
  // A runtime's words begin like this, too.
  if (error !== undefined) return StatusError.internal(error.replace(/^Internal error occurred: /, '')).status;
  if (exitCode === 0) return { metadata: {}, status: 'Success' };
  return {
    metadata: {},
    status: 'Failure',
    reason: 'NonZeroExitCode',
    message: `command terminated with non-zero exit code: exit status ${exitCode}`,
    details: { causes: [{ reason: 'ExitCode', message: String(exitCode) }] },
  };
}

function bytesOf(data: RawData): Uint8Array {
  if (Array.isArray(data)) return Buffer.concat(data);
  return data instanceof ArrayBuffer ? new Uint8Array(data) : data;
}
