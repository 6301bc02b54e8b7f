// pods/exec and pods/attach on a SPDY session, as clients before WebSockets speak it: the client opens one stream for errors
// and one for each of stdin, stdout, stderr and terminal sizes that it asked for; once all are there, they are joined to a tunnel.
import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import { type Tunnel, writeDrained } from '@berth/protocol';
import { resetCodes, SpdySession, type SpdyStream } from '@berth/protocol/spdy';
import type { Clock } from '@berth/telemetry';
import type { PodConnection } from '../core/pod-connection.ts';
import { resizeFrom, resultStatus } from './channel-socket.ts';
import { statusOf } from './responses.ts';

/** Newest first. Sizes came with version 3, exit codes with version 4. */
export const commandProtocols = ['v4.channel.k8s.io', 'v3.channel.k8s.io', 'v2.channel.k8s.io', 'channel.k8s.io'] as const;
export type CommandProtocol = (typeof commandProtocols)[number];

const streamsTimeoutMs = 30_000;
const sizeBytesMax = 1_024;

export interface SpdyCommand {
  protocol: CommandProtocol;
  connection: Pick<PodConnection, 'stdin' | 'stdout' | 'stderr' | 'tty'>;
  openTunnel(): Promise<Tunnel>;
  clock: Clock;
  signal: AbortSignal | undefined;
}

type Streams = Partial<Record<'error' | 'stdin' | 'stdout' | 'stderr' | 'resize', SpdyStream>>;

/** Serves the command until it ends or the client leaves; never rejects. */
export async function serveSpdyCommand(transport: Duplex, command: SpdyCommand): Promise<void> {
  const { connection, protocol, clock, signal } = command;
  const { stdin, stdout, stderr, tty } = connection;
  const sized = tty && (protocol === 'v4.channel.k8s.io' || protocol === 'v3.channel.k8s.io');
  const wanted: Record<keyof Streams, boolean> = { error: true, stdin, stdout, stderr, resize: sized };
  const streams: Streams = {};
  const isComplete = () => (Object.keys(wanted) as (keyof Streams)[]).every((name) => !wanted[name] || streams[name]);
  const complete = Promise.withResolvers<void>();
  const session = new SpdySession(transport, {
    role: 'server',
    // Go's client, which all of them are or copy, grants none.
    peerGrantsWindows: false,
    onStream: (stream) => {
      stream.on('error', () => stream.destroy());
      const name = stream.headers.streamtype as keyof Streams;
      if (!Object.hasOwn(wanted, name) || !wanted[name] || streams[name]) return stream.reset(resetCodes.refusedStream);
      streams[name] = stream;
      if (isComplete()) complete.resolve();
    },
  });
  const close = () => session.close();
  if (signal?.aborted) close();
  else signal?.addEventListener('abort', close, { once: true });
  const timer = clock.after(streamsTimeoutMs, close);
  const isOver = session.closed.then(() => true);
  const ended = await Promise.race([complete.promise.then(() => false), isOver]);
  timer.cancel();
  if (!ended) await run(streams, session, command);
  session.close();
  signal?.removeEventListener('abort', close);
}

async function run(streams: Streams, session: SpdySession, command: SpdyCommand): Promise<void> {
  let tunnel: Tunnel;
  try {
    tunnel = await command.openTunnel();
  } catch (error) {
    return tell(streams, statusOf(error), command.protocol);
  }
  void session.closed.then(() => tunnel.abort(new Error('the client went away')));
  tunnel.onData((channel, data) => {
    const target = channel === 'stderr' ? streams.stderr : streams.stdout;
    return target && writeDrained(target, data);
  });
  if (streams.stdin) void send(streams.stdin, tunnel);
  streams.resize?.on('data', (data: Uint8Array) => sizesFrom(data, tunnel));
  // Nothing comes on these but their ends.
  for (const stream of [streams.error, streams.stdout, streams.stderr]) stream?.resume();
  const { exitCode, error } = await tunnel.finished;
  for (const stream of [streams.stdout, streams.stderr]) stream?.end();
  await tell(streams, resultStatus(exitCode, error), command.protocol);
}

async function send(stdin: SpdyStream, tunnel: Tunnel): Promise<void> {
  try {
    for await (const chunk of stdin.iterator({ destroyOnReturn: false })) await tunnel.send('stdin', chunk);
    tunnel.end('stdin');
  } catch {
    // Either side broke: `finished` says so, and there is nobody to take the input.
    stdin.resume();
  }
}

/** One JSON object a size; several may come in one piece. */
function sizesFrom(data: Uint8Array, tunnel: Tunnel): void {
  if (data.length > sizeBytesMax) return;
  const sizes =
    Buffer.from(data)
      .toString('utf8')
      .match(/\{[^{}]*\}/g) ?? [];
  for (const size of sizes) resizeFrom(tunnel, Buffer.from(size));
}

interface Result {
  status?: string | undefined;
  message?: string | undefined;
}

/** Up to version 3, errors are text, and success is silence. */
async function tell({ error }: Streams, result: unknown, protocol: CommandProtocol): Promise<void> {
  if (!error || error.destroyed) return;
  const { status, message } = result as Result;
  const text = protocol === 'v4.channel.k8s.io' ? JSON.stringify(result) : status === 'Success' ? '' : (message ?? '');
  error.end(text === '' ? undefined : text);
  // A client that hangs up first has heard enough.
  if (!error.closed && !error.writableFinished) await Promise.race([once(error, 'finish'), once(error, 'close')]).catch(() => undefined);
}
