// Tokens as `berth token list` shows them. Pure.
import type { TokenFacts } from '@berth/client';

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
  const table = [['ID', 'KIND', 'USER', 'GROUPS', 'UNTIL', 'STATE'], ...rows];
  const widths = (table[0] ?? []).map((_, column) => Math.max(...table.map((row) => row[column]?.length ?? 0)));
  return table
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('   ')
        .trimEnd(),
    )
    .join('\n');
}
