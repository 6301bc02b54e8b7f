import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Service } from '@berth/api';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { InstalledRegistryHosts } from './installed-registry-hosts.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'berth-registry-hosts-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

const service = (namespace: string, clusterIP: string): Service => ({
  ...{ apiVersion: 'v1', kind: 'Service', metadata: { name: 'registry', namespace } },
  spec: { clusterIP, ports: [{ port: 443 }] },
});

function hosts() {
  return new InstalledRegistryHosts({ directory, identity: { pair: '/data/node.pem', ca: '/data/ca.crt' } });
}

function written(): string | undefined {
  const file = join(directory, 'registry.berth-registry.svc', 'hosts.toml');
  return existsSync(file) ? readFileSync(file, 'utf8') : undefined;
}

test('the installed registry is known by its name while it is there, at whatever address it has, and none of another namespace is', () => {
  const known = hosts();
  known.sync([service('shop', '10.96.0.7')]);
  expect(written()).toBeUndefined();
  known.sync([service('berth-registry', '10.96.0.8')]);
  expect(written()?.split('\n').slice(1)).toEqual([
    'server = "https://10.96.0.8:443"',
    'ca = "/data/ca.crt"',
    'client = [["/data/node.pem", "/data/node.pem"]]',
    '[host]',
    '',
  ]);
  // An agent that begins anew takes up what is there.
  const again = hosts();
  again.sync([service('berth-registry', '10.96.0.9')]);
  expect(written()).toContain('10.96.0.9');
  again.sync([]);
  expect(written()).toBeUndefined();
});

test('what somebody else has set for that name stays', () => {
  mkdirSync(join(directory, 'registry.berth-registry.svc'));
  writeFileSync(join(directory, 'registry.berth-registry.svc', 'hosts.toml'), 'server = "https://mirror"\n');
  const known = hosts();
  known.sync([service('berth-registry', '10.96.0.8')]);
  known.sync([]);
  expect(written()).toBe('server = "https://mirror"\n');
});
