import { expect, test } from 'vitest';
import { advertisedAddress, listensApart } from './advertised-address.ts';

const at = (host: string, port = 6443) => ({ roles: ['api'], apiAddress: { host, port } });
const asked = { host: '10.244.255.254', port: 6443 };

test('pods are shown an address that answers them, and none where there is none', () => {
  expect(advertisedAddress(at('192.0.2.9', 7443))).toEqual({ address: '192.0.2.9', port: 7443 });
  for (const host of ['127.0.0.1', '::1', 'localhost']) expect(advertisedAddress(at(host))).toBeUndefined();
  expect(advertisedAddress({ ...at('127.0.0.1'), advertiseAddress: asked })).toEqual({ address: '10.244.255.254', port: 6443 });
  expect(advertisedAddress({ ...at('192.0.2.9'), advertiseAddress: asked, roles: ['scheduler'] })).toBeUndefined();
});

test('the API listens there as well, unless it does already', () => {
  expect(listensApart({ ...at('127.0.0.1'), advertiseAddress: asked })).toBe(true);
  expect(listensApart(at('127.0.0.1'))).toBe(false);
  expect(listensApart({ ...at('0.0.0.0'), advertiseAddress: asked })).toBe(false);
  expect(listensApart({ ...at('0.0.0.0', 7443), advertiseAddress: asked })).toBe(true);
  expect(listensApart({ ...at('10.244.255.254'), advertiseAddress: asked })).toBe(false);
});
