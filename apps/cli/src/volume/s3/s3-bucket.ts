// A bucket of an S3-like store: each request signed, and asked again a few times when the store or the way to it fails. What is sent is in memory,
// piece by piece, so that it can be sent again; what is read goes on from where it broke off.
import { randomInt } from 'node:crypto';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';
import { collect } from '@berth/client';
import type { S3Location } from './s3-location.ts';
import { queryText, sha256, signedHeaders, uriEncoded } from './signature.ts';
import { elements, text } from './xml.ts';

const triesMax = 5;
const pauseMs = 500;
const timeoutMs = 120_000;
const keysAtOnce = 1000;
/** Of a listing. */
const pagesMax = 1000;

/** What the store answers instead of what was asked for. */
export class S3Error extends Error {
  readonly code: string;
  readonly statusCode: number;

  constructor(message: string, code: string, statusCode: number) {
    super(message);
    this.code = code;
    this.statusCode = statusCode;
  }
}

export interface S3Call {
  method: string;
  /** Within the bucket; empty for the bucket itself. */
  key: string;
  query?: Record<string, string>;
  headers?: Record<string, string>;
  body?: Buffer;
}

export interface S3Upload {
  key: string;
  id: string;
  initiatedMs: number;
}

const nothing = Buffer.alloc(0);

export class S3Bucket {
  readonly #location: S3Location;

  constructor(location: S3Location) {
    this.#location = location;
  }

  /** The whole answer. @throws S3Error naming the key */
  async ask(call: S3Call): Promise<{ body: string; headers: IncomingMessage['headers'] }> {
    return this.#retried(call, async () => {
      const answer = await this.#open(call);
      return { body: await collect(answer), headers: answer.headers };
    });
  }

  async put(key: string, body: Buffer): Promise<void> {
    await this.ask({ method: 'PUT', key, body });
  }

  async delete(key: string): Promise<void> {
    await this.ask({ method: 'DELETE', key });
  }

  /** Undefined where there is no such object. */
  async bytesOf(key: string): Promise<number | undefined> {
    try {
      const { headers } = await this.ask({ method: 'HEAD', key });
      return Number(headers['content-length']);
    } catch (error) {
      if (error instanceof S3Error && error.statusCode === 404) return undefined;
      throw error;
    }
  }

  /** An object's bytes; a connection that breaks is opened again, for the same object. */
  async *read(key: string): AsyncGenerator<Buffer> {
    let [at, tries] = [0, 0];
    let tag: string | undefined;
    for (;;) {
      const headers = { ...(at > 0 && { range: `bytes=${at}-` }), ...(tag !== undefined && { 'if-match': tag }) };
      const call = { method: 'GET', key, headers };
      const answer = await this.#retried(call, () => this.#open(call));
      tag ??= answer.headers.etag;
      const endBytes = at + Number(answer.headers['content-length'] ?? Number.NaN);
      let broken: unknown;
      try {
        for await (const chunk of answer as AsyncIterable<Buffer>) {
          at += chunk.length;
          tries = 0;
          yield chunk;
        }
      } catch (error) {
        broken = error;
      }
      if (broken === undefined && (Number.isNaN(endBytes) || at >= endBytes)) return;
      if (++tries >= triesMax) throw new Error(`${this.#name(key)} broke off after ${at} bytes`, { cause: broken });
      await pause(tries);
    }
  }

  /** Keys that begin so. */
  async *list(prefix: string): AsyncGenerator<string> {
    let token: string | undefined;
    for (let page = 0; page < pagesMax; page++) {
      const more: Record<string, string> = token === undefined ? {} : { 'continuation-token': token };
      const query = { 'list-type': '2', 'max-keys': String(keysAtOnce), prefix, ...more };
      const { body } = await this.ask({ method: 'GET', key: '', query });
      for (const contents of elements(body, 'Contents')) yield text(contents, 'Key') ?? '';
      token = text(body, 'IsTruncated') === 'true' ? text(body, 'NextContinuationToken') : undefined;
      if (token === undefined) return;
    }
    throw new Error(`there are more than ${pagesMax * keysAtOnce} objects at ${this.#name(prefix)}`);
  }

  /** Uploads that were begun and neither completed nor given up; the first thousand. */
  async uploads(prefix: string): Promise<S3Upload[]> {
    const { body } = await this.ask({ method: 'GET', key: '', query: { uploads: '', prefix } });
    return elements(body, 'Upload').map((upload) => ({
      ...{ key: text(upload, 'Key') ?? '', id: text(upload, 'UploadId') ?? '' },
      initiatedMs: Date.parse(text(upload, 'Initiated') ?? ''),
    }));
  }

  async #retried<T>(call: S3Call, ask: () => Promise<T>): Promise<T> {
    for (let tries = 1; ; tries++) {
      try {
        return await ask();
      } catch (error) {
        const isPassing = !(error instanceof S3Error) || error.statusCode >= 500 || error.statusCode === 429;
        if (!isPassing) throw error;
        if (tries >= triesMax) {
          if (error instanceof S3Error) throw error;
          throw new Error(`${this.#name(call.key)} cannot be reached: ${reason(error)}`, { cause: error });
        }
        await pause(tries);
      }
    }
  }

  /** The body is still to be read. @throws S3Error for what is no success */
  async #open({ method, key, query = {}, headers = {}, body = nothing }: S3Call): Promise<IncomingMessage> {
    const { endpoint, bucket, region, credentials, isVirtualHost, authority } = this.#location;
    const host = isVirtualHost ? `${bucket}.${endpoint.host}` : endpoint.host;
    const path = `${endpoint.pathname.replace(/\/+$/, '')}${isVirtualHost ? '' : `/${bucket}`}/${key}`;
    const signed = signedHeaders({ method, host, path, query, headers, bodyDigest: sha256(body) }, credentials, region, Date.now());
    const options = {
      ...{ method, host: new URL(`${endpoint.protocol}//${host}`).hostname, port: endpoint.port, timeout: timeoutMs },
      ...(authority !== undefined && { ca: authority }),
      path: `${uriEncoded(path, '/')}${Object.keys(query).length > 0 ? `?${queryText(query)}` : ''}`,
      headers: { ...signed, host, ...((body.length > 0 || method === 'PUT' || method === 'POST') && { 'content-length': body.length }) },
    };
    const answer = await new Promise<IncomingMessage>((resolve, reject) => {
      const asked = endpoint.protocol === 'https:' ? httpsRequest(options, resolve) : httpRequest(options, resolve);
      asked.once('timeout', () => asked.destroy(new Error(`no answer within ${timeoutMs / 1000} s`)));
      asked.once('error', reject);
      asked.end(body);
    });
    const { statusCode = 0 } = answer;
    if (statusCode >= 200 && statusCode < 300) return answer;
    throw this.#failure(key, statusCode, await collect(answer));
  }

  #failure(key: string, statusCode: number, body: string): S3Error {
    const code = text(body, 'Code') ?? `HTTP ${statusCode}`;
    const said = text(body, 'Message');
    return new S3Error(`${this.#name(key)}: ${code}${said ? `: ${said}` : ''}`, code, statusCode);
  }

  #name(key: string): string {
    return `s3://${this.#location.bucket}/${key}`;
  }
}

function reason(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return message || (code ?? 'no reason given');
}

/** Twice as long each time, with a part that is random. */
function pause(tries: number): Promise<void> {
  const most = pauseMs * 2 ** (tries - 1);
  return sleep(most / 2 + randomInt(most / 2));
}
