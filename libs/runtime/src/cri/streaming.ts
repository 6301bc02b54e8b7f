// Interactive sessions with containers: the CRI answers exec, attach and port-forward with a URL on the runtime's streaming
// server, which speaks SPDY/3.1 after an HTTP/1.1 upgrade. Closing a session closes its connection; nothing is shared.
import { request } from 'node:http';
import type { Duplex, Readable } from 'node:stream';
import type { SpdyStream } from '@berth/protocol/spdy';
import { SpdySession } from '@berth/protocol/spdy';
import { type Clock, systemClock } from '@berth/telemetry';
import type { ExecOptions, ExecSession } from '../runtime.ts';

const execProtocol = 'v4.channel.k8s.io';
const portForwardProtocol = 'portforward.k8s.io';
const connectTimeoutMs = 30_000;
/** How long to wait for the news that nothing listens; dialling within the machine takes a millisecond. */
const refusalWaitMs = 25;
const refusalBytesMax = 16 * 2 ** 10;
/** Of what the runtime says about a session on its error stream. */
const statusBytesMax = 64 * 2 ** 10;

/** The runtime's streaming server refused the session, or the session broke before it had a result. */
export class StreamingError extends Error {
  constructor(detail: string, options?: ErrorOptions) {
    super(detail, options);
    this.name = 'StreamingError';
  }
}

/** The connection ended without a word of how the command did. */
export class SilentEndError extends StreamingError {
  constructor() {
    super('the connection to the container runtime ended before the command did');
    this.name = 'SilentEndError';
  }
}

/**
 * Both exec and attach.
 * @param isSilentEndAnError for a command, whose exit code is awaited; what was attached to goes on or ends by itself, and the
 * runtime may close the connection without a word
 * @throws StreamingError
 */
export async function openExec(url: string, options: Omit<ExecOptions, 'command'>, isSilentEndAnError: boolean): Promise<ExecSession> {
  const session = await upgrade(url, execProtocol);
  const open = (streamtype: string, readOnly = false): SpdyStream => {
    const stream = session.openStream({ streamtype }, { readOnly });
    // The runtime ends streams by reset once the process has ended; whether that went well, the error stream says.
    stream.resetEnds = true;
    // Whoever uses a stream finds it ended; what became of the command, the session's result says.
    stream.on('error', () => stream.destroy());
    return stream;
  };
  const error = open('error', true);
  const stdin = options.stdin ? open('stdin') : undefined;
  stdin?.resume();
  const stdout = options.stdout ? open('stdout', true) : undefined;
  const stderr = options.stderr && !options.tty ? open('stderr', true) : undefined;
  const resizing = options.tty ? open('resize') : undefined;
  resizing?.resume();
  let closedHere = false;
  const exit = beginning(error).then((status) => (status === '' && (closedHere || !isSilentEndAnError) ? 0 : exitCodeOf(status)));
  // Whoever does not ask for the exit code must not bring the process down.
  exit.catch(() => undefined);
  return {
    ...(stdin && { stdin }),
    ...(stdout && { stdout }),
    ...(stderr && { stderr }),
    resize: resizing ? resizer(resizing) : () => undefined,
    exit,
    close: () => {
      closedHere = true;
      session.close();
    },
  };
}

/** One size at a time, the newest: a client may change its terminal's faster than the runtime takes them. */
function resizer(stream: SpdyStream): ExecSession['resize'] {
  let newest: string | undefined;
  let isSending = false;
  const send = () => {
    const size = newest;
    newest = undefined;
    isSending = size !== undefined && stream.writable;
    if (isSending) stream.write(size, send);
  };
  return (width, height) => {
    newest = `${JSON.stringify({ Width: width, Height: height })}\n`;
    if (!isSending) send();
  };
}

/** What a stream says until it ends or has said enough. */
async function beginning(stream: Readable): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes >= statusBytesMax) break;
  }
  return Buffer.concat(chunks).toString('utf8', 0, statusBytesMax);
}

/** What the v4 error stream says: a Status, whose causes carry the exit code when there is one. */
function exitCodeOf(text: string): number {
  if (text === '') throw new SilentEndError();
  const status: { status?: string; message?: string; reason?: string; details?: { causes?: { reason?: string; message?: string }[] } } =
    JSON.parse(text);
  if (status.status === 'Success') return 0;
  const causes = status.reason === 'NonZeroExitCode' ? status.details?.causes : undefined;
  const cause = causes?.find(({ reason }) => reason === 'ExitCode');
  const code = Number(cause?.message);
  if (!cause || !Number.isInteger(code)) throw new StreamingError(status.message ?? text);
  return code;
}

/**
 * A byte stream to a port. The runtime says only by an error that nothing listens, and says nothing when something does; an
 * error that comes later than this returns destroys the stream.
 * @throws StreamingError with what the runtime said
 */
export async function openPortForward(url: string, port: number, clock: Clock = systemClock): Promise<Duplex> {
  const session = await upgrade(url, portForwardProtocol);
  const headers = { port: String(port), requestid: '0' };
  const error = session.openStream({ ...headers, streamtype: 'error' }, { readOnly: true });
  error.resetEnds = true;
  const data = session.openStream({ ...headers, streamtype: 'data' });
  // It may break before anybody reads from it, who then finds it destroyed.
  data.on('error', () => session.close());
  data.once('close', () => session.close());
  const refused = beginning(error).then(
    (message) => message.trim() || undefined,
    (failure: Error) => failure.message,
  );
  const settled = new AbortController();
  const early = await Promise.race([refused, clock.sleep(refusalWaitMs, settled.signal).catch(() => undefined)]);
  settled.abort();
  if (early !== undefined) {
    data.destroy();
    throw new StreamingError(early);
  }
  if (data.destroyed) throw new StreamingError(data.errored?.message ?? 'the runtime closed the connection', { cause: data.errored });
  void refused.then((message) => message !== undefined && data.destroy(new StreamingError(message)));
  return data;
}

/** @throws StreamingError with what the server said */
function upgrade(url: string, protocol: string): Promise<SpdySession> {
  return new Promise((resolve, reject) => {
    const fail = (detail: string, cause?: Error) =>
      reject(new StreamingError(`cannot open a stream to the container runtime: ${detail}`, { cause }));
    const outgoing = request(url, {
      method: 'POST',
      headers: { Connection: 'Upgrade', Upgrade: 'SPDY/3.1', 'X-Stream-Protocol-Version': protocol },
      timeout: connectTimeoutMs,
    });
    outgoing.once('upgrade', (_response, socket, head) => {
      socket.setTimeout(0);
      socket.setNoDelay(true);
      if (head.length > 0) socket.unshift(head);
      resolve(new SpdySession(socket, { role: 'client', peerGrantsWindows: false }));
    });
    outgoing.once('response', (response) => {
      let said = '';
      response.setEncoding('utf8').on('data', (part: string) => {
        said += part;
        if (said.length > refusalBytesMax) response.destroy();
      });
      response.once('close', () => fail(`${response.statusCode} ${said.trim()}`));
    });
    outgoing.once('timeout', () => outgoing.destroy(new Error(`no answer within ${connectTimeoutMs} ms`)));
    outgoing.once('error', (error) => fail(error.message, error));
    outgoing.end();
  });
}
