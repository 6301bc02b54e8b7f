// What an operator reads and types: tokens as a table, certificates' ends, and a script that bash accepts and completes with.
import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { bashCompletion } from './completion.ts';
import { certificateFinding } from './status.ts';
import { tokenTable } from './token-table.ts';

test('tokens by their ends', () => {
  const tokens = [
    { id: 'aa', kind: 'access' as const, user: { name: 'ann', groups: ['x', 'y'] }, expiresAt: '2026-02-01T00:00:00Z', isExpired: false },
    { id: 'bb', kind: 'join' as const, expiresAt: '2026-01-01T00:00:00Z', isExpired: true },
  ];
  expect(tokenTable(tokens).split('\n')).toEqual([
    'ID   KIND     USER   GROUPS   UNTIL                  STATE',
    'bb   join     -      -        2026-01-01T00:00:00Z   expired',
    'aa   access   ann    x,y      2026-02-01T00:00:00Z   valid',
  ]);
});

test('a certificate that has ended, or cannot be read, is no good', () => {
  const endsAtMs = Date.parse('2026-03-01T00:00:00Z');
  expect(certificateFinding({ whose: 'API', endsAtMs }, endsAtMs - 3 * 86_400_000)).toEqual({
    what: 'certificate: API',
    says: 'until 2026-03-01, for 3 days',
    isWell: true,
  });
  expect(certificateFinding({ whose: 'API', endsAtMs }, endsAtMs)).toMatchObject({ says: 'ended on 2026-03-01', isWell: false });
  expect(certificateFinding({ whose: 'API', problem: 'h:1 cannot be reached' }, 0)).toMatchObject({
    says: 'h:1 cannot be reached',
    isWell: false,
  });
});

test('bash completes commands, what follows them, and options', () => {
  const script = bashCompletion(['server', 'status', 'token join', 'token list', 'image import'], ['kubeconfig', 'keep-state']);
  const complete = (...words: string[]) => {
    const line = `COMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length - 1}; _berth; echo "\${COMPREPLY[@]}"`;
    return execFileSync('bash', ['-c', `${script}\n${line}`], { encoding: 'utf8' })
      .trim()
      .split(' ');
  };
  expect(complete('berth', 's')).toEqual(['server', 'status']);
  expect(complete('berth', 'token', '')).toEqual(['join', 'list']);
  expect(complete('berth', 'image', 'i')).toEqual(['import']);
  expect(complete('berth', 'token', 'join', '--k')).toEqual(['--keep-state', '--kubeconfig']);
});
