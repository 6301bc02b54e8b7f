// pods/portforward on a SPDY session: for each local connection the client opens a stream of errors and one of data, tied by
// a request id, and each such pair gets a tunnel of its own to the pod. What goes wrong with one pair ends that pair alone.
import type { Duplex } from 'node:stream';
import { type Tunnel, writeDrained } from '@berth/protocol';
import { resetCodes, SpdySession, type SpdyStream } from '@berth/protocol/spdy';
import type { Clock, Timer } from '@berth/telemetry';
import { statusOf } from './responses.ts';

/** How long a stream waits for the other one of its pair. */
const pairTimeoutMs = 30_000;

export interface PortForwardOptions {
  clock: Clock;
  /** For messages. */
  podName: string;
  /** Rejects with what is wrong with the pod or its node. */
  openTunnel(port: number): Promise<Tunnel>;
  /** Ends the session. */
  signal?: AbortSignal;
}

interface Pair {
  port: number;
  error?: SpdyStream;
  data?: SpdyStream;
  timeout: Timer;
}

/** Serves the session until the client leaves; never rejects. */
export async function servePortForward(transport: Duplex, options: PortForwardOptions): Promise<void> {
  const pairs = new Map<string, Pair>();
  const session = new SpdySession(transport, {
    role: 'server',
    // Go's client, which all of them are or copy, grants none.
    peerGrantsWindows: false,
    onStream: (stream) => receiveStream(stream, pairs, options),
  });
  const close = () => session.close();
  if (options.signal?.aborted) close();
  else options.signal?.addEventListener('abort', close, { once: true });
  await session.closed;
  options.signal?.removeEventListener('abort', close);
  for (const pair of pairs.values()) pair.timeout.cancel();
  pairs.clear();
}

function receiveStream(stream: SpdyStream, pairs: Map<string, Pair>, options: PortForwardOptions): void {
  stream.on('error', () => stream.destroy());
  const { streamtype, port: portText = '', requestid } = stream.headers;
  const port = /^\d{1,5}$/.test(portText) ? Number(portText) : 0;
  if ((streamtype !== 'error' && streamtype !== 'data') || port < 1 || port > 65_535) {
    stream.reset(resetCodes.refusedStream);
    return;
  }
  // Clients without request ids open the data stream right after the error stream.
  const id = requestid ?? String(streamtype === 'error' ? stream.id : stream.id - 2);
  const pair = pairs.get(id) ?? newPair(id, port, pairs, options.clock);
  if (pair[streamtype] || pair.port !== port) {
    stream.reset(resetCodes.refusedStream);
    return;
  }
  pair[streamtype] = stream;
  if (!pair.error || !pair.data) return;
  pairs.delete(id);
  pair.timeout.cancel();
  void forward(pair.data, pair.error, port, options);
}

function newPair(id: string, port: number, pairs: Map<string, Pair>, clock: Clock): Pair {
  const timeout = clock.after(pairTimeoutMs, () => {
    pairs.delete(id);
    pair.data?.reset(resetCodes.cancel);
    pair.error?.end(`timed out waiting for the ${pair.data ? 'error' : 'data'} stream of request ${id}`);
  });
  const pair: Pair = { port, timeout };
  pairs.set(id, pair);
  return pair;
}

async function forward(data: SpdyStream, errors: SpdyStream, port: number, options: PortForwardOptions): Promise<void> {
  // Nothing comes on it but its end.
  errors.resume();
  const problem = await join(data, port, options);
  data.end();
  // A client that reads no more still has to let go of the stream.
  data.resume();
  errors.end(problem === undefined ? undefined : `error forwarding port ${port} to pod ${options.podName}, uid : ${problem}`);
}

/** Carries bytes both ways until the pod's side is done; returns what went wrong. */
async function join(data: SpdyStream, port: number, options: PortForwardOptions): Promise<string | undefined> {
  let tunnel: Tunnel;
  try {
    tunnel = await options.openTunnel(port);
  } catch (error) {
    return statusOf(error).message ?? 'no tunnel';
  }
  let left = data.destroyed;
  const leave = () => {
    left = true;
    tunnel.abort(new Error('the client went away'));
  };
  if (left) leave();
  data.once('close', leave);
  tunnel.onData((_channel, chunk) => writeDrained(data, chunk));
  void send(data, tunnel);
  const { exitCode, error } = await tunnel.finished;
  data.off('close', leave);
  if (left) return undefined;
  return error ?? (exitCode === 0 ? undefined : `the node closed the connection with code ${exitCode}`);
}

async function send(data: SpdyStream, tunnel: Tunnel): Promise<void> {
  try {
    for await (const chunk of data.iterator({ destroyOnReturn: false })) await tunnel.send('stdin', chunk);
    tunnel.end('stdin');
  } catch (error) {
    // Either side broke; the tunnel's end tells, and ending a tunnel twice does nothing.
    tunnel.abort(error instanceof Error ? error : new Error(String(error)));
  }
}
