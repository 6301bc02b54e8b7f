// One of the two servers that are compared, as a client sees it: requests over HTTPS with a client certificate, answers with all
// that is compared of them.
import { Agent, request as httpsRequest, type RequestOptions } from 'node:https';

const timeoutMs = 30_000;

export interface Request {
  method: string;
  /** With its query. */
  path: string;
  /** An object is sent as JSON, a text as it is. */
  body?: unknown;
  contentType?: string;
  accept?: string;
  /** Of a watch: it is cut off once it has sent so many lines. */
  lines?: number;
}

export interface Answer {
  code: number;
  contentType: string;
  warnings: string[];
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
      accept: asked.accept ?? 'application/json',
      'user-agent': 'differential/1',
      ...(body !== undefined && { 'content-type': asked.contentType ?? 'application/json', 'content-length': Buffer.byteLength(body) }),
    };
    const { method, path } = asked;
    return new Promise((resolve, reject) => {
      const request = httpsRequest({ ...this.#options, method, path, headers }, (response) => {
        let text = '';
        const contentType = (response.headers['content-type'] ?? '').split(';')[0] ?? '';
        const done = () => {
          const warnings = warningsOf(response.headers.warning as string | string[] | undefined);
          resolve({ code: response.statusCode ?? 0, contentType, warnings, body: parsed(text, contentType, asked.lines) });
        };
        response.setEncoding('utf8').on('data', (chunk: string) => {
          text += chunk;
          if (asked.lines === undefined || text.split('\n').length <= asked.lines) return;
          done();
          request.destroy();
        });
        response.once('end', done);
        response.on('error', reject);
      });
      request.on('timeout', () => request.destroy(new Error(`${this.name} did not answer ${method} ${path} within ${timeoutMs} ms`)));
      // Kubernetes' handlers panic at some patches, which ends the connection.
      request.on('error', (cause) => {
        if ((cause as NodeJS.ErrnoException).code === 'ECONNRESET')
          return resolve({ code: 0, contentType: '', warnings: [], body: 'cut off' });
        reject(new Error(`${this.name}: ${method} ${path} ${body ?? ''}: ${cause.message}`, { cause }));
      });
      request.end(body);
    });
  }
}

/** @param lines of a watch: what came beyond them may be cut off anywhere */
function parsed(text: string, contentType: string, lines: number | undefined): unknown {
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

/** Of `299 - "text"`, one or more, comma-separated. */
function warningsOf(header: string | string[] | undefined): string[] {
  const joined = Array.isArray(header) ? header.join(', ') : (header ?? '');
  return [...joined.matchAll(/299 \S+ "((?:[^"\\]|\\.)*)"/g)].map(([, text = '']) => text.replace(/\\(.)/g, '$1'));
}
