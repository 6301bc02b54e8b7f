// A WebSocket of channels joined to a tunnel. Bytes wait for whoever is slower: the socket is not read while the tunnel is
// full, and the tunnel is not read while the socket is.
import { StatusError } from '@berth/machinery';
import type { Tunnel } from '@berth/protocol';
import type { WebSocket } from 'ws';
import { type ChannelFraming, channelFraming } from './channel-framing.ts';
import { statusOf } from './responses.ts';

const channels = { stdin: 0, stdout: 1, stderr: 2, error: 3, resize: 4, close: 255 } as const;

const noBytes = new Uint8Array();

/** A Status, as far as commands end with one. */
interface CommandStatus {
  metadata?: object;
  status?: string;
  message?: string;
  reason?: string;
  details?: object;
}

/** Resolves when the socket is done. What fails, opening included, is told on the error channel. */
export async function connectChannels(socket: WebSocket, opening: Promise<Tunnel>, options: { tty: boolean }): Promise<void> {
  const framing = channelFraming(socket.protocol);
  // Until there is a tunnel, what the client sends stays in the kernel's buffer.
  socket.pause();
  socket.on('error', () => socket.terminate());
  let tunnel: Tunnel;
  try {
    tunnel = await opening;
  } catch (error) {
    socket.resume();
    await finish(socket, framing, statusOf(error));
    return;
  }
  if (socket.readyState !== socket.OPEN) return tunnel.abort(new Error('the client went away'));
  socket.on('close', () => tunnel.abort(new Error('the client went away')));
  // As Kubernetes says that the connection stands; clients of the older protocols wait for it.
  void sendMessage(socket, framing.encode(channels.stdout, noBytes));
  tunnel.onData((channel, data) => sendMessage(socket, framing.encode(channel === 'stderr' ? channels.stderr : channels.stdout, data)));
  socket.on('message', (message, isBinary) => void receive(socket, tunnel, framing.decode(message, isBinary), options));
  socket.resume();
  const { exitCode, error } = await tunnel.finished;
  await finish(socket, framing, resultStatus(exitCode, error));
}

async function receive(
  socket: WebSocket,
  tunnel: Tunnel,
  message: ReturnType<ChannelFraming['decode']>,
  { tty }: { tty: boolean },
): Promise<void> {
  if (!message) return;
  const { channel, data } = message;
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

/** Resolves when it is on its way, or can be no more. */
export function sendMessage(socket: WebSocket, message: Uint8Array | string): Promise<void> {
  if (socket.readyState !== socket.OPEN) return Promise.resolve();
  // An error means that the socket is closing, which ends by itself what is sent.
  return new Promise((resolve) => socket.send(message, () => resolve()));
}

async function finish(socket: WebSocket, { encode, endsWithStatus }: ChannelFraming, status: CommandStatus): Promise<void> {
  const text = endsWithStatus ? JSON.stringify(status) : status.status === 'Success' ? '' : (status.message ?? '');
  if (text !== '') await sendMessage(socket, encode(channels.error, Buffer.from(text)));
  socket.close(1000);
}

/** How a command ended, as remote command clients read it. */
export function resultStatus(exitCode: number, error: string | undefined): CommandStatus {
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
