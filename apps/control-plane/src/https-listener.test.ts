// The API's certificate is renewed under its clients: whoever is connected stays so, and whoever comes later is shown the new one.
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, type TLSSocket } from 'node:tls';
import { CertificateAuthority, ServingCertificate } from '@berth/pki';
import { silentLogger } from '@berth/telemetry';
import { SimulatedClock } from '@berth/telemetry/testing';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { HttpsAdapter } from './https-listener.ts';

const dayMs = 86_400_000;
let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'berth-listener-'));
});
afterEach(() => rm(directory, { recursive: true }));

async function ask(socket: TLSSocket): Promise<string> {
  socket.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n');
  const [data] = (await once(socket, 'data')) as [Buffer];
  return data.toString().split('\r\n')[0] ?? '';
}

test('a renewed certificate drops no connection', async () => {
  const clock = new SimulatedClock(Date.now());
  const authority = await CertificateAuthority.open(directory, clock);
  const serving = await ServingCertificate.create({ authority, clock, logger: silentLogger, commonName: 'api', names: ['localhost'] });
  const { server } = new HttpsAdapter(serving, clock);
  server.on('request', (_request, response) => response.end('hello'));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const dial = async () => {
    const socket = connect({ host: '127.0.0.1', port, servername: 'localhost', ca: authority.pem });
    await once(socket, 'secureConnect');
    return { socket, serial: socket.getPeerCertificate().serialNumber };
  };
  const before = await dial();
  try {
    expect(await ask(before.socket)).toBe('HTTP/1.1 200 OK');
    const first = serving.context.cert;
    await clock.advance(250 * dayMs);
    await vi.waitFor(() => expect(serving.context.cert).not.toBe(first), { timeout: 60_000, interval: 5 });
    expect(await ask(before.socket)).toBe('HTTP/1.1 200 OK');
    const after = await dial();
    expect(after.serial).not.toBe(before.serial);
    after.socket.destroy();
  } finally {
    before.socket.destroy();
    serving.stop();
    server.close();
  }
});
