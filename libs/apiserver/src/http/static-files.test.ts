import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { StaticFiles } from './static-files.ts';

const script = 'export const page = 1;\n'.repeat(100);

let directory: string;
let server: Server;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'berth-static-'));
  await mkdir(join(directory, 'assets'));
  await writeFile(join(directory, 'index.html'), '<p>page</p>');
  await writeFile(join(directory, 'assets', 'index-abc.js'), script);
  const files = new StaticFiles(directory);
  server = createServer((request, response) => {
    const segments = (request.url ?? '').split('/').filter((segment) => segment !== '');
    files.serve({ request, response }, segments).catch((error: Error) => response.writeHead(404).end(error.message));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterEach(async () => {
  server.close();
  server.closeAllConnections();
  await rm(directory, { recursive: true });
});

const get = (path: string, headers: Record<string, string> = {}) =>
  fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/${path}`, { headers });

test('assets are compressed and kept by browsers, the page that names them is asked for each time', async () => {
  const asset = await get('assets/index-abc.js');
  expect(await asset.text()).toBe(script);
  expect(asset.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
  expect(asset.headers.get('content-encoding')).toBe('gzip');
  expect(Number(asset.headers.get('content-length'))).toBeLessThan(script.length / 2);
  for (const path of ['', 'index.html', 'pods/default/web']) {
    const page = await get(path);
    expect([await page.text(), page.headers.get('cache-control')]).toEqual(['<p>page</p>', 'no-cache, private']);
  }
});

test('who takes no compressed answers gets none', async () => {
  const asset = await get('assets/index-abc.js', { 'accept-encoding': 'identity' });
  expect([await asset.text(), asset.headers.get('content-encoding')]).toEqual([script, null]);
});

test('nothing outside the folder is served', async () => {
  expect((await get('assets/..%2f..%2fetc%2fpasswd')).status).toBe(404);
  expect((await get('assets/missing.js')).status).toBe(404);
});
