// pods/portforward over a WebSocket of channels, as @kubernetes/client-node speaks it: the query names the ports, each of which has
// a channel for data and one for errors; both begin with the port's number.
import type { Tunnel } from '@berth/protocol';
import type { WebSocket } from 'ws';
import { channelFraming } from './channel-framing.ts';
import { sendMessage } from './channel-socket.ts';
import { statusOf } from './responses.ts';

export interface WebSocketPortForward {
  ports: number[];
  /** Rejects with what is wrong with the pod or its node. */
  openTunnel(port: number): Promise<Tunnel>;
}

/** Serves the socket until the client leaves; never rejects. */
export async function serveWebSocketPortForward(socket: WebSocket, { ports, openTunnel }: WebSocketPortForward): Promise<void> {
  // Until there are tunnels, what the client sends stays in the kernel's buffer.
  socket.pause();
  socket.on('error', () => socket.terminate());
  for (const [index, port] of ports.entries()) {
    await send(socket, 2 * index, portBytes(port));
    await send(socket, 2 * index + 1, portBytes(port));
  }
  const opening = ports.map(async (port, index) => {
    try {
      return await openTunnel(port);
    } catch (error) {
      await send(socket, 2 * index + 1, Buffer.from(statusOf(error).message ?? 'no tunnel'));
      return undefined;
    }
  });
  const tunnels = await Promise.all(opening);
  const leave = () => {
    for (const tunnel of tunnels) tunnel?.abort(new Error('the client went away'));
  };
  socket.once('close', leave);
  if (socket.readyState !== socket.OPEN) return leave();
  const { decode } = channelFraming(socket.protocol);
  socket.on('message', (message, isBinary) => void receive(socket, tunnels, decode(message, isBinary)));
  socket.resume();
  await Promise.all(tunnels.map((tunnel, index) => carry(socket, tunnel, ports[index] ?? 0, index)));
  socket.close(1000);
}

async function carry(socket: WebSocket, tunnel: Tunnel | undefined, port: number, index: number): Promise<void> {
  if (!tunnel) return;
  tunnel.onData((_channel, data) => send(socket, 2 * index, data));
  const { error } = await tunnel.finished;
  if (error !== undefined) await send(socket, 2 * index + 1, Buffer.from(`error forwarding port ${port}: ${error}`));
}

async function receive(
  socket: WebSocket,
  tunnels: (Tunnel | undefined)[],
  message: { channel: number; data: Uint8Array } | undefined,
): Promise<void> {
  if (!message) return;
  const { channel, data } = message;
  const tunnel = channel % 2 === 0 ? tunnels[channel / 2] : undefined;
  if (!tunnel || data.length === 0) return;
  socket.pause();
  try {
    await tunnel.send('stdin', data);
  } catch {
    // The tunnel broke: `finished` says so, and there is nobody to take the data.
    return;
  } finally {
    socket.resume();
  }
}

function send(socket: WebSocket, channel: number, data: Uint8Array): Promise<void> {
  return sendMessage(socket, channelFraming(socket.protocol).encode(channel, data));
}

function portBytes(port: number): Uint8Array {
  return Uint8Array.of(port % 256, Math.floor(port / 256));
}
