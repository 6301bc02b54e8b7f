import { expect, test } from 'vitest';
import { slotsFor } from './haproxy-config.ts';
import { parseServers, type ServerSlot, serverChanges } from './server-changes.ts';

const slot = (name: string, address: string | undefined): ServerSlot => ({
  ...{ backend: 'd:web:80', name, port: 80 },
  ...{ address: address ?? '192.0.2.1', isReady: address !== undefined },
});
const changes = (slots: ServerSlot[], ...addresses: string[]) =>
  serverChanges(slots, [{ name: 'd:web:80', endpoints: addresses.map((address) => ({ address, port: 80 })), sticky: false, http2: false }]);

test('endpoints that stay are left alone, new ones get slots at rest, and slots without one take no more requests', () => {
  expect(changes([slot('s1', '10.0.0.1'), slot('s2', '10.0.0.2'), slot('s3', undefined)], '10.0.0.3', '10.0.0.1')).toEqual([
    'set server d:web:80/s3 addr 10.0.0.3 port 80',
    'set server d:web:80/s3 state ready',
    'set server d:web:80/s2 state maint',
  ]);
  expect(changes([slot('s1', '10.0.0.1'), slot('s2', undefined)], '10.0.0.1')).toEqual([]);
});

test('an endpoint of the same address at another port is another one', () => {
  expect(
    serverChanges(
      [slot('s1', '10.0.0.1')],
      [{ name: 'd:web:80', endpoints: [{ address: '10.0.0.1', port: 81 }], sticky: false, http2: false }],
    ),
  ).toEqual(['set server d:web:80/s1 addr 10.0.0.1 port 81', 'set server d:web:80/s1 state ready']);
});

test('a slot that has lost its endpoint is used again where there is no other; without one there is not enough room', () => {
  expect(changes([slot('s1', '10.0.0.1')], '10.0.0.2')?.at(0)).toBe('set server d:web:80/s1 addr 10.0.0.2 port 80');
  expect(changes([slot('s1', '10.0.0.1')], '10.0.0.1', '10.0.0.2')).toBeUndefined();
  expect(changes([], '10.0.0.1')).toBeUndefined();
});

test('two slots with one endpoint become one', () => {
  expect(changes([slot('s1', '10.0.0.1'), slot('s2', '10.0.0.1')], '10.0.0.1')).toEqual(['set server d:web:80/s2 state maint']);
});

test('servers are read by their headings', () => {
  const text =
    '1\n# be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state srv_port\n4 d:web:80 1 s1 10.0.0.1 2 0 8080\n4 d:web:80 2 s2 192.0.2.1 0 5 9\n\n';
  expect(parseServers(text)).toEqual([
    { backend: 'd:web:80', name: 's1', address: '10.0.0.1', port: 8080, isReady: true },
    { backend: 'd:web:80', name: 's2', address: '192.0.2.1', port: 9, isReady: false },
  ]);
});

test('room is kept for one more endpoint at least, and does not shrink', () => {
  expect([0, 3, 4, 7, 8, 100].map((count) => slotsFor(count, 0))).toEqual([4, 4, 8, 8, 16, 128]);
  expect(slotsFor(2, 16)).toBe(16);
});
