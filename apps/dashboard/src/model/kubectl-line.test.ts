import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { kubectlLine } from './kubectl-line.ts';

test('plain words stay plain, and there is no namespace where there is none', () => {
  expect(kubectlLine('shop', 'delete', 'pod', 'web-1.2')).toBe('kubectl -n shop delete pod web-1.2');
  expect(kubectlLine(undefined, 'cordon', 'n1')).toBe('kubectl cordon n1');
});

test('a shell reads every word as it was', () => {
  const words = ['-p', '{"spec":{"suspend":true}}', "it's", '$(reboot)', 'a b', '', '`x`', 'x;y', '*'];
  const line = kubectlLine(undefined, ...words).replace(/^kubectl/, 'printf "%s\\n"');
  expect(execFileSync('sh', ['-c', line], { encoding: 'utf8' }).split('\n').slice(0, -1)).toEqual(words);
});
