// Tokens as `berth token list` shows them. Pure.
import type { TokenFacts } from '@berth/client';
import { textTable } from './text-table.ts';

export function tokenTable(tokens: readonly TokenFacts[]): string {
  const rows = tokens
    .toSorted((a, b) => (a.expiresAt < b.expiresAt ? -1 : 1))
    .map(({ id, kind, user, expiresAt, isExpired }) => [
      id,
      kind,
      user?.name ?? '-',
      user?.groups.join(',') || '-',
      expiresAt,
      isExpired ? 'expired' : 'valid',
    ]);
  return textTable([['ID', 'KIND', 'USER', 'GROUPS', 'UNTIL', 'STATE'], ...rows]);
}
