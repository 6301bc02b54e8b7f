// One of the two servers that are compared, as a client sees it: requests over HTTPS with a client certificate, answers with all
// that is compared of them.
import { Agent, request as httpsRequest, type RequestOptions } from 'node:https';
import { decodeProtobuf, decodeUnknownEnvelope, isRecord } from '@berth/machinery';
import { systemClock } from '@berth/telemetry';
import { load } from 'js-yaml';
import { messageOf } from '../../libs/apiserver/src/http/request-body.ts';

const timeoutMs = 30_000;
const comparedHeaders = [
  'content-type',
  'content-encoding',
  'allow',
  'location',
  'cache-control',
  'retry-after',
  'vary',
  'www-authenticate',
  'x-content-type-options',
];

export interface Request {
  method: string;
  /** With its query. */
  path: string;
  /** An object is sent as JSON, a text as it is. */
  body?: unknown;
  contentType?: string;
  accept?: string;
  /** Of a watch: it is cut off once it has sent so many lines. */
  lines?: number | undefined;
  /** Of what may not end by itself: it is cut off then, with what came until then. */
  cutMs?: number;
  /** Where what is answered cannot be alike, or is compared elsewhere. */
  ignoreBody?: boolean;
}

export interface Answer {
  code: number;
  contentType: string;
  warnings: string[];
  /** Of those that say what the answer is and what may be done with it. */
  headers: Record<string, string>;
  /** Parsed where it is JSON; the lines of a watch as a list; the text otherwise. */
  body: unknown;
}

export interface Endpoint {
  host: string;
  port: number;
  ca: string;
  cert: string;
  key: string;
}

export class ApiServer {
  readonly name: string;
  readonly stop: () => Promise<void>;
  readonly #options: RequestOptions;

  constructor(name: string, endpoint: Endpoint, stop: () => Promise<void>) {
    this.name = name;
    this.#options = { ...endpoint, agent: new Agent({ keepAlive: true, maxSockets: 16 }), timeout: timeoutMs };
    this.stop = stop;
  }

  send(asked: Request): Promise<Answer> {
    const body = asked.body === undefined || typeof asked.body === 'string' ? asked.body : JSON.stringify(asked.body);
    const headers = {
      ...(asked.accept !== '' && { accept: asked.accept ?? 'application/json' }),
      'user-agent': 'differential/1',
      ...(body !== undefined && { 'content-length': Buffer.byteLength(body) }),
      ...(body !== undefined && asked.contentType !== '' && { 'content-type': asked.contentType ?? 'application/json' }),
    };
    const { method, path } = asked;
    return new Promise((resolve, reject) => {
      const request = httpsRequest({ ...this.#options, method, path, headers }, (response) => {
        const chunks: Buffer[] = [];
        let lineCount = 0;
        const contentType = (response.headers['content-type'] ?? '').split(';')[0] ?? '';
        const done = () => {
          cut?.cancel();
          const warnings = warningsOf(response.headers.warning as string | string[] | undefined);
          const headers = Object.fromEntries(
            comparedHeaders.flatMap((name) => (name in response.headers ? [[name, String(response.headers[name])]] : [])),
          );
          const read = asked.ignoreBody ? '' : parsed(Buffer.concat(chunks), contentType, asked.lines);
          resolve({ code: response.statusCode ?? 0, contentType, warnings, headers, body: read });
        };
        const cut =
          asked.cutMs === undefined
            ? undefined
            : systemClock.after(asked.cutMs, () => {
                done();
                request.destroy();
              });
        response.on('data', (chunk: Buffer) => {
          chunks.push(chunk);
          lineCount += chunk.toString('latin1').split('\n').length - 1;
          if (asked.lines === undefined || lineCount < asked.lines) return;
          done();
          request.destroy();
        });
        response.once('end', done);
        response.on('error', reject);
      });
      request.on('timeout', () => request.destroy(new Error(`${this.name} did not answer ${method} ${path} within ${timeoutMs} ms`)));
      // Kubernetes' handlers panic at some patches, which ends the connection.
      request.on('error', (cause) => {
        const { code = '' } = cause as NodeJS.ErrnoException;
        // Go answers a HEAD whose path it cannot read with a body, which no client expects.
        if (code === 'ECONNRESET' || code.startsWith('HPE_'))
          return resolve({ code: 0, contentType: '', warnings: [], headers: {}, body: 'cut off' });
        reject(new Error(`${this.name}: ${method} ${path} ${body ?? ''}: ${cause.message}`, { cause }));
      });
      request.end(body);
    });
  }
}

/** @param lines of a watch: what came beyond them may be cut off anywhere */
function parsed(bytes: Buffer, contentType: string, lines: number | undefined): unknown {
  if (contentType === 'application/vnd.kubernetes.protobuf')
    return lines === undefined && bytes.length > 0 ? protobufBody(bytes) : 'events';
  const text = bytes.toString('utf8');
  if (contentType === 'application/yaml') return load(text);
  if (contentType !== 'application/json') return text;
  const values = (lines === undefined ? [text] : text.split('\n').slice(0, lines)).filter((part) => part !== '');
  const read = values.map((part): unknown => {
    try {
      return JSON.parse(part);
    } catch {
      // What is no JSON is compared as it is.
      return part;
    }
  });
  return lines === undefined ? read[0] : read;
}

/** Kubernetes writes fields that are empty, which say nothing. */
function protobufBody(bytes: Buffer): unknown {
  const { apiVersion, kind, raw } = decodeUnknownEnvelope(bytes);
  return withoutEmpty({ ...decodeProtobuf(messageOf(apiVersion, kind), raw), apiVersion, kind });
}

function withoutEmpty(part: unknown): unknown {
  if (Array.isArray(part)) return part.map(withoutEmpty);
  if (!isRecord(part)) return part;
  const members = Object.entries(part).map(([name, value]) => [name, withoutEmpty(value)] as const);
  const isEmpty = (value: unknown) =>
    ['', 0, false, null, undefined].includes(value as never) || (typeof value === 'object' && Object.keys(value as object).length === 0);
  return Object.fromEntries(members.filter(([, value]) => !isEmpty(value)));
}

/** Of `299 - "text"`, one or more, comma-separated. */
function warningsOf(header: string | string[] | undefined): string[] {
  const joined = Array.isArray(header) ? header.join(', ') : (header ?? '');
  return [...joined.matchAll(/299 \S+ "((?:[^"\\]|\\.)*)"/g)].map(([, text = '']) => text.replace(/\\(.)/g, '$1'));
}
