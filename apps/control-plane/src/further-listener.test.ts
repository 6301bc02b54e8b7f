import { mkdtemp, rm } from 'node:fs/promises';
import { Agent, createServer, get } from 'node:https';
import { type AddressInfo, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CertificateAuthority } from '@berth/pki';
import { systemClock } from '@berth/telemetry';
import { expect, test } from 'vitest';
import { listenFurther } from './further-listener.ts';

test('one server answers at both addresses, and ends with all connections of both', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'further-'));
  const authority = await CertificateAuthority.open(directory, systemClock);
  const { key, certificate } = await authority.issueServing('test', ['127.0.0.1', '127.0.0.2']);
  const server = createServer({ key, cert: certificate }, (request, response) => response.end(`for ${request.headers.host}`));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const stop = await listenFurther(server, { host: '127.0.0.2', port });
  const agent = new Agent({ keepAlive: true, ca: authority.pem });
  const ask = (host: string) =>
    new Promise<string>((resolve, reject) => {
      get({ host, port, agent }, (response) => {
        response.setEncoding('utf8').on('data', resolve);
      }).on('error', reject);
    });
  try {
    expect(await Promise.all(['127.0.0.1', '127.0.0.2'].map(ask))).toEqual([`for 127.0.0.1:${port}`, `for 127.0.0.2:${port}`]);
    // What speaks no TLS ends its own connection only.
    const garbage = connect(port, '127.0.0.2');
    await new Promise<void>((resolve) => {
      garbage.on('close', () => resolve()).resume();
      garbage.write('GET / HTTP/1.1\r\n\r\n');
    });
    expect(await ask('127.0.0.2')).toBe(`for 127.0.0.2:${port}`);
    await expect(listenFurther(server, { host: '127.0.0.2', port })).rejects.toThrow('EADDRINUSE');
  } finally {
    await stop();
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    server.closeAllConnections();
    await closed;
    agent.destroy();
    await rm(directory, { recursive: true });
  }
});
