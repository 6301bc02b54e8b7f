// What `berth hollow` takes, and what it refuses in words that name the option.
import { expect, test } from 'vitest';
import { parseHollow } from './hollow-command.ts';
import { addressAfter } from './hollow-nodes.ts';

const token = `abcdef.0123456789abcdef.${'0'.repeat(64)}`;
const parse = (...more: string[]) => parseHollow(['--server', 'https://192.0.2.1', '--token', token, ...more], {});

test('as many nodes as were asked for, with names and addresses that follow each other', () => {
  expect(parse('--nodes', '5000')).toMatchObject({ count: 5000, prefix: 'hollow', firstAddress: '198.18.0.1', token });
  expect(addressAfter('198.18.0.1', 4999)).toBe('198.18.19.136');
  expect(addressAfter('255.255.255.254', 1)).toBe('255.255.255.255');
  expect(addressAfter('255.255.255.254', 2)).toBeUndefined();
});

test.each([['0'], ['5001'], ['10000'], ['99999999999999999999'], ['1e3'], ['-1'], ['07'], ['']])('--nodes %j is refused', (nodes) => {
  expect(() => parse(`--nodes=${nodes}`)).toThrow(`--nodes: ${JSON.stringify(nodes)} is not a number from 1 to 5000`);
});

test.each([
  ['--name-prefix', 'Berth', 'is not 1 to 50 lower-case letters, digits and -'],
  ['--name-prefix', 'a'.repeat(51), 'is not 1 to 50 lower-case letters, digits and -'],
  ['--first-address', '198.18.0', 'is not an IPv4 address that 1 others follow'],
  ['--first-address', '255.255.255.255', 'is not an IPv4 address that 1 others follow'],
])('%s %s is refused', (option, value, why) => {
  expect(() => parse('--nodes', '2', option, value)).toThrow(`${option}: ${JSON.stringify(value)} ${why}`);
});

test('without a token, nodes join again that have certificates, and no others', () => {
  const argv = ['--nodes', '2', '--gateway', '192.0.2.1:6444'];
  expect(() => parseHollow(argv, {})).toThrow('--token is required');
  expect(() => parseHollow(argv, { BERTH_JOIN_TOKEN: token.slice(0, -1) })).toThrow('--token: ');
  expect(parseHollow(argv, { BERTH_JOIN_TOKEN: token })).toMatchObject({ token });
  expect(parseHollow([...argv, '--data-dir', '/nodes'], {})).toMatchObject({ token: undefined, directory: '/nodes' });
});
