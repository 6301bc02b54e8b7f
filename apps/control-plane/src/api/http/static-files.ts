// The dashboard's files at /ui: read from disk, without authentication, since what they show comes from the API with the
// viewer's own token. A path that is no file gets the page itself, whose router knows it.
import { readFile } from 'node:fs/promises';
import { extname, join, normalize, sep } from 'node:path';
import { type Exchange, noSuchPath, sendBytes, wrongMethod } from './responses.ts';

const contentTypes: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
  '.json': 'application/json',
  '.map': 'application/json',
  '.txt': 'text/plain; charset=utf-8',
};

const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

export class StaticFiles {
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
  }

  /** @param segments decoded, behind `ui`. */
  async serve(exchange: Exchange, segments: string[]): Promise<void> {
    const { method } = exchange.request;
    if (method !== 'GET' && method !== 'HEAD') throw wrongMethod();
    const path = normalize(join(this.#directory, ...segments));
    const inside = path.startsWith(this.#directory + sep) && !path.includes('\0');
    const isFile = inside && extname(path) !== '';
    const file = isFile ? await this.#read(path) : undefined;
    if (!file && isFile) throw noSuchPath();
    const page = file ?? (await this.#read(join(this.#directory, 'index.html')));
    const { response } = exchange;
    response.setHeader('content-security-policy', policy);
    response.setHeader('x-content-type-options', 'nosniff');
    response.setHeader('referrer-policy', 'no-referrer');
    if (!page)
      return sendBytes(exchange, 404, 'text/plain; charset=utf-8', Buffer.from('The dashboard is not built: run npm run build.\n'));
    await sendBytes(exchange, 200, file ? (contentTypes[extname(path)] ?? 'application/octet-stream') : 'text/html; charset=utf-8', page);
  }

  async #read(path: string): Promise<Buffer | undefined> {
    try {
      return await readFile(path);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'ENOENT' || code === 'EISDIR' || code === 'ENOTDIR') return undefined;
      throw error;
    }
  }
}
