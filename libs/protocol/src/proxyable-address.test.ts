import { expect, test } from 'vitest';
import { isProxyableAddress } from './proxyable-address.ts';

test.each(['10.0.0.7', '192.168.1.1', '8.8.8.8', '2001:db8::1', 'fd00::7', '::ffff:10.0.0.7'])('%s may be dialled', (address) => {
  expect(isProxyableAddress(address)).toBe(true);
});

test.each([
  ...['127.0.0.1', '127.9.9.9', '0.0.0.0', '0.0.0.1', '169.254.169.254', '224.0.0.1', '255.255.255.255'],
  ...['::1', '0:0:0:0:0:0:0:1', '::', 'fe80::1', 'fe80::1%eth0', 'ff02::1', '::ffff:127.0.0.1', '::ffff:7f00:1', '::ffff:a9fe:a9fe'],
  ...['', 'localhost', 'example.com', '127.1', '0x7f.1', '2130706433', '10.0.0.7:80', ' 10.0.0.7'],
])('%j may not', (address) => {
  expect(isProxyableAddress(address)).toBe(false);
});
