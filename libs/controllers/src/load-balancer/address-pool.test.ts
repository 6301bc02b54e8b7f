import { describe, expect, test } from 'vitest';
import { AddressPool } from './address-pool.ts';

test('a pool is of networks, ranges and single addresses, in any order', () => {
  const pool = AddressPool.parse('192.0.2.250-192.0.2.252, 10.9.0.0/30,203.0.113.7');
  expect([...pool.addresses()]).toEqual([
    ...['10.9.0.0', '10.9.0.1', '10.9.0.2', '10.9.0.3'],
    ...['192.0.2.250', '192.0.2.251', '192.0.2.252'],
    '203.0.113.7',
  ]);
  expect(pool.size).toBe(8);
  expect(['10.9.0.3', '192.0.2.251', '203.0.113.7'].map((address) => pool.has(address))).toEqual([true, true, true]);
  expect(['10.9.0.4', '192.0.2.249', 'fd00::1', '', '10.9.0.01'].map((address) => pool.has(address))).toEqual(Array(5).fill(false));
  expect(pool.overlapWith('192.0.2.252/32')).toBe('192.0.2.250-192.0.2.252');
  expect(pool.overlapWith('192.0.2.0/25')).toBeUndefined();
});

describe('refused is', () => {
  test.each([
    ['', 'is empty'],
    [' , ', 'is empty'],
    ['fd00::/120', 'neither an IPv4 network'],
    ['10.9.0.0/33', 'neither an IPv4 network'],
    ['10.9.0.300', 'neither an IPv4 network'],
    ['10.9.0.1-10.9.0.3-10.9.0.5', 'neither an IPv4 network'],
    ['10.9.0.1/28', '10.9.0.1/28 has bits beyond its prefix: did you mean 10.9.0.0/28?'],
    ['10.9.0.5-10.9.0.1', 'ends before it begins'],
    ['10.9.0.0/28,10.9.0.15-10.9.0.20', '10.9.0.0/28 and 10.9.0.15-10.9.0.20 overlap'],
    ['10.9.0.1,10.9.0.1', 'overlap'],
    ['10.8.0.0/16', 'holds 65536 addresses, and may hold 16384'],
    ['10.0.0.0/18,10.9.0.1', 'holds 16385 addresses'],
    ['127.0.0.1', '127.0.0.0/8 has another meaning'],
    ['223.255.255.255-224.0.0.1', '224.0.0.0/4 has another meaning'],
    ['255.255.255.255', '240.0.0.0/4 has another meaning'],
  ])('%j', (text, message) => {
    expect(() => AddressPool.parse(text)).toThrow(RangeError);
    expect(() => AddressPool.parse(text)).toThrow(message);
  });
});
