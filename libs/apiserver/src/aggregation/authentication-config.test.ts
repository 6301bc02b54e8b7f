import { ConfigMap } from '@berth/api';
import { seededRandom, silentLogger, systemClock } from '@berth/telemetry';
import { expect, test } from 'vitest';
import { startTestServer } from '../core/test-server.ts';
import { AuthenticationConfig } from './authentication-config.ts';

const name = { namespace: 'kube-system', name: 'extension-apiserver-authentication' };
const certificate = (text: string) => `-----BEGIN CERTIFICATE-----\n${text}\n-----END CERTIFICATE-----\n`;

test('whom to believe is restored when it is removed or changed, beside what others have written', async () => {
  const { server, client } = await startTestServer();
  const data = { 'client-ca-file': certificate('own'), 'requestheader-allowed-names': '["front-proxy-client"]' };
  const config = new AuthenticationConfig({ client, clock: systemClock, random: seededRandom(1), logger: silentLogger, data });
  await config.start();
  const soon = <T>(found: () => T) => expect.poll(found, { timeout: 10_000, interval: 20 });
  const found = () =>
    client.get(ConfigMap, name).then(
      (object) => object.data,
      () => undefined,
    );
  try {
    await soon(found).toEqual(data);
    await client.delete(ConfigMap, name);
    await soon(found).toEqual(data);
    const others = { 'client-ca-file': certificate('other'), 'requestheader-allowed-names': '["other"]', more: 'x' };
    await client.patch(ConfigMap, name, 'merge', { data: others });
    await soon(found).toEqual({
      'client-ca-file': certificate('other') + certificate('own'),
      'requestheader-allowed-names': '["other","front-proxy-client"]',
      more: 'x',
    });
    await client.patch(ConfigMap, name, 'merge', { data: { 'client-ca-file': 'none', 'requestheader-allowed-names': 'none' } });
    await soon(found).toEqual({ ...data, more: 'x' });
  } finally {
    await config.stop();
    await server.stop();
  }
});
