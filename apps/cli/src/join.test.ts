// What `berth join` makes of its options and of the file that is there.
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { optionPairs, withOptions } from './join.ts';

test('options become keys, in either form', () => {
  expect(optionPairs(['--server', 'https://192.0.2.1', '--token=a.b', '--node-labels', 'x=y'])).toEqual({
    server: 'https://192.0.2.1',
    token: 'a.b',
    'node-labels': 'x=y',
  });
});

test.each([[['server']], [['--server']], [['--server', '--token', 'x']], [['-s', 'x']]])('%j is refused', (argv) => {
  expect(() => optionPairs(argv)).toThrow('is not an option with a value');
});

test('what was in the file stays, with its comments, and a token goes without a trace', () => {
  const before = '# Options of berth agent.\n#\n# node-name: x\nmax-pods: 40 # small\nserver: https://old\n';
  const text = withOptions(before, { server: 'https://192.0.2.1', token: 'secret' });
  expect(parse(text)).toEqual({ 'max-pods': 40, server: 'https://192.0.2.1', token: 'secret' });
  expect(text).toContain('# node-name: x\n');
  expect(text).toContain('max-pods: 40 # small\n');
  expect(withOptions(text, { token: undefined })).not.toContain('secret');
});

test('a file of comments alone is one to begin with, and what is no YAML is named', () => {
  const comments = '# Only what is not commented counts.\n#\n# server: x\n';
  expect(parse(withOptions(comments, { server: 'https://h' }))).toEqual({ server: 'https://h' });
  expect(withOptions(comments, { server: 'https://h' })).toContain('# server: x');
  expect(() => withOptions('a: [', { server: 'x' })).toThrow('/etc/berth/agent.yaml: ');
});
