// One build in a builder: what its files have changed by goes out, and the build's lines and its result come back. The connection is the
// build's life: when it breaks, the builder ends the build.
import { StringDecoder } from 'node:string_decoder';
import type { ExecSession, HttpClient } from '@berth/client';
import {
  type BuildRequest,
  type BuildSettings,
  buildahArguments,
  builderCommand,
  builderContainer,
  builderReplies,
  contextEnd,
  resultPrefix,
} from '@berth/controllers/image-build';
import { tarOf } from '@berth/runtime/tar';
import { type BuildContext, type ContextEntry, packed } from './context.ts';
import { archiveBytes, changesOf, fingerprints, listBytesMax, listText, readList } from './context-changes.ts';

const lineBytesMax = 64 * 1024;
const nothing = Buffer.alloc(0);
/** That it was all of it. */
const endMark: ContextEntry = { path: contextEnd, source: '', type: 'directory', mode: 0o700, uid: 0, gid: 0, mtimeSeconds: 0 };

export interface BuilderCall extends Pick<BuildRequest, 'registry' | 'image' | 'dockerfile' | 'timeoutSeconds'> {
  client: HttpClient;
  namespace: string;
  pod: string;
  settings: BuildSettings;
  context: BuildContext;
  line(text: string): void;
  /** Bytes of files. */
  sending(bytes: number): void;
  signal: AbortSignal;
}

export interface BuilderResult {
  exitCode: number;
  /** Of what was pushed. */
  digest: string | undefined;
}

/** @throws StatusError or Error where the builder is gone, ContextError */
export async function buildIn(call: BuilderCall): Promise<BuilderResult> {
  const { client, namespace, pod, line, signal } = call;
  // What it has is asked for while the files here are looked at.
  const prints = fingerprints(call.context.entries);
  prints.catch(() => undefined);
  const replies = new BuilderReplies(line);
  const session = await client.exec({
    ...{ namespace, pod, container: builderContainer, command: builderCommand(call), signal },
    output: (stream, data) => replies.take(stream, data),
  });
  try {
    const sent = send(session, call, await prints, replies);
    // An end before it has asked for anything is the result.
    const exitCode = await Promise.race([session.exit, sent.then(() => session.exit)]);
    replies.end();
    return { exitCode, digest: replies.digest };
  } finally {
    session.close();
  }
}

async function send(
  session: ExecSession,
  { context, settings, sending }: BuilderCall,
  prints: Map<string, string>,
  replies: BuilderReplies,
) {
  const changes = changesOf(context.entries, prints, readList(await replies.list));
  const { removed } = changes;
  const sent = [...changes.sent, endMark];
  const file = { type: 'file' as const, mode: 0o600, uid: 0, gid: 0, mtimeSeconds: 0 };
  const meta = tarOf([
    { ...file, path: 'removed', data: Buffer.from(removed.map((path) => `${path}\0`).join('')) },
    {
      ...file,
      path: 'arguments',
      data: Buffer.from(
        buildahArguments(settings)
          .map((word) => `${word}\0`)
          .join(''),
      ),
    },
    { ...file, path: 'list', data: listText(prints) },
  ]);
  sending(sent.reduce((sum, { size = 0 }) => sum + size, 0));
  await session.write(Buffer.from(`${meta.length} ${archiveBytes(sent)}\n`));
  await session.write(meta);
  await replies.next;
  for await (const piece of packed(sent)) await session.write(piece);
}

/** What comes back: first the list of what is there, as bytes, then lines. */
class BuilderReplies {
  readonly list: Promise<Buffer>;
  readonly next: Promise<void>;
  digest: string | undefined;
  readonly #line: (text: string) => void;
  readonly #listed = Promise.withResolvers<Buffer>();
  readonly #asked = Promise.withResolvers<void>();
  readonly #texts = { stdout: new LineText(), stderr: new LineText() };
  #pieces: Buffer[] = [];
  #bytes = 0;
  /** Bytes of the list; undefined until it says. */
  #missing: number | undefined;
  #isListed = false;

  constructor(line: (text: string) => void) {
    this.#line = line;
    this.list = this.#listed.promise;
    this.next = this.#asked.promise;
  }

  take(stream: 'stdout' | 'stderr', data: Buffer): void {
    const rest = stream === 'stdout' && !this.#isListed ? this.#takeList(data) : data;
    for (const text of this.#texts[stream].lines(rest)) this.#say(text);
  }

  end(): void {
    for (const text of Object.values(this.#texts)) if (text.rest !== '') this.#say(text.rest);
  }

  /** @returns what comes after it */
  #takeList(data: Buffer): Buffer {
    this.#pieces.push(data);
    this.#bytes += data.length;
    if (this.#missing === undefined && data.includes(10)) this.#begin(Buffer.concat(this.#pieces));
    if (this.#missing === undefined || this.#bytes < this.#missing) return nothing;
    const all = Buffer.concat(this.#pieces);
    this.#pieces = [];
    this.#isListed = true;
    this.#listed.resolve(all.subarray(0, this.#missing));
    return all.subarray(this.#missing);
  }

  /** Its first line says how long it is; what begins otherwise is no list, but what went wrong. */
  #begin(all: Buffer): void {
    const end = all.indexOf('\n');
    const [, bytes] = new RegExp(`^${builderReplies.context}(\\d+)$`).exec(all.toString('utf8', 0, end)) ?? [];
    this.#missing = bytes !== undefined && Number(bytes) <= listBytesMax ? Number(bytes) : 0;
    const rest = bytes === undefined ? all : all.subarray(end + 1);
    this.#pieces = [rest];
    this.#bytes = rest.length;
  }

  #say(text: string): void {
    if (text === builderReplies.next) {
      this.#asked.resolve();
      return;
    }
    const digest = new RegExp(`^${resultPrefix}(sha256:[0-9a-f]{64})$`).exec(text)?.[1];
    if (digest === undefined) this.#line(text);
    else this.digest = digest;
  }
}

class LineText {
  rest = '';
  readonly #decoder = new StringDecoder('utf8');

  lines(data: Buffer): string[] {
    const lines = (this.rest + this.#decoder.write(data)).split('\n');
    this.rest = (lines.pop() ?? '').slice(-lineBytesMax);
    return lines;
  }
}
