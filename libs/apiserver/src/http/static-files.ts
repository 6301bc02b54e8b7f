// The dashboard's files at /ui: read from disk, without authentication, since what they show comes from the API with the
// viewer's own token. A path that is no file gets the page itself, whose router knows it.
import { readFile } from 'node:fs/promises';
import { extname, join, normalize, sep } from 'node:path';
import { promisify } from 'node:util';
import { constants, gzip as gzipWithCallback } from 'node:zlib';
import { acceptsGzip, type Exchange, noSuchPath, sendBytes, wrongMethod } from './responses.ts';

const gzip = promisify(gzipWithCallback);
const gzippedFilesMax = 32;
const isText = /\.(js|css|svg|json|map|txt)$/;

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

function contentType(path: string): string {
  return contentTypes[extname(path)] ?? 'application/octet-stream';
}

export class StaticFiles {
  readonly #directory: string;
  readonly #gzipped = new Map<string, Promise<Buffer>>();

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
    if (!file || segments[0] !== 'assets') return sendBytes(exchange, 200, file ? contentType(path) : 'text/html; charset=utf-8', page);
    await this.#sendAsset(exchange, path, file);
  }

  /** What is in assets is named after its content, so that browsers need not ask for it again. */
  async #sendAsset({ request, response }: Exchange, path: string, bytes: Buffer): Promise<void> {
    const isCompressed = isText.test(path) && acceptsGzip(request);
    const body = isCompressed ? await this.#compressed(path, bytes) : bytes;
    if (response.destroyed) return;
    response.writeHead(200, {
      'content-type': contentType(path),
      'cache-control': 'public, max-age=31536000, immutable',
      vary: 'Accept-Encoding',
      ...(isCompressed && { 'content-encoding': 'gzip' }),
      'content-length': body.length,
    });
    response.end(request.method === 'HEAD' ? undefined : body);
  }

  #compressed(path: string, bytes: Buffer): Promise<Buffer> {
    const known = this.#gzipped.get(path);
    if (known) return known;
    const made = gzip(bytes, { level: constants.Z_BEST_COMPRESSION });
    // One build has fewer; those of builds before it go first.
    const [oldest] = this.#gzipped.keys();
    if (this.#gzipped.size >= gzippedFilesMax && oldest !== undefined) this.#gzipped.delete(oldest);
    this.#gzipped.set(path, made);
    return made;
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
