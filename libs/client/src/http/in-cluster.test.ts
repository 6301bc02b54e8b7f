// What a program in a pod finds, and how its token is renewed under it.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Pod } from '@berth/api';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { HttpClient } from './http-client.ts';
import { findConnection, inClusterConnection } from './in-cluster.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'berth-account-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

test('a pod has an address in its environment, and a token and an authority in files', async () => {
  const environment = { KUBERNETES_SERVICE_HOST: '10.96.0.1', KUBERNETES_SERVICE_PORT: '443' };
  expect(await inClusterConnection(environment, folder)).toBeUndefined();
  await writeFile(join(folder, 'token'), 'first');
  await expect(inClusterConnection(environment, folder)).rejects.toThrow('ca.crt');
  await writeFile(join(folder, 'ca.crt'), 'authority');
  const found = { server: 'https://10.96.0.1:443', certificateAuthority: 'authority', tokenFile: join(folder, 'token') };
  expect(await inClusterConnection(environment, folder)).toEqual(found);
  expect(await inClusterConnection({ KUBERNETES_SERVICE_HOST: 'fd00::1' }, folder)).toMatchObject({ server: 'https://[fd00::1]:443' });
  expect(await inClusterConnection({}, folder)).toBeUndefined();
});

test('elsewhere a kubeconfig says it', async () => {
  await expect(findConnection({ KUBECONFIG: join(folder, 'none') })).rejects.toThrow(`${join(folder, 'none')}: cannot be read`);
});

test('a token that is renewed in its file is the one that is sent', async () => {
  const seen: (string | undefined)[] = [];
  const server = createServer((request, response) => {
    seen.push(request.headers.authorization);
    response.end(JSON.stringify({ metadata: { name: 'a' } }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const tokenFile = join(folder, 'token');
  const client = new HttpClient({ server: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, tokenFile });
  try {
    for (const token of ['first', 'second\n']) {
      await writeFile(tokenFile, token);
      await client.get(Pod, { namespace: 'default', name: 'a' });
    }
    expect(seen).toEqual(['Bearer first', 'Bearer second']);
    await rm(tokenFile);
    await expect(client.get(Pod, { namespace: 'default', name: 'a' })).rejects.toMatchObject({ code: 'ENOENT' });
  } finally {
    client.close();
    await new Promise((resolve) => server.close(resolve));
  }
});
