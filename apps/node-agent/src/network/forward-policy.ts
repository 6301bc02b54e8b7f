// Whether somebody else's firewall drops what pods send and get. A verdict of ours cannot overrule a drop in another table, so an
// operator must be told. Pure.

/** @param chains what `nft list chains` prints. @returns tables whose policy drops forwarded packets, such as `ip filter` */
export function droppingTables(chains: string): string[] {
  const tables: string[] = [];
  let table = '';
  for (const line of chains.split('\n')) {
    table = /^table (.+) \{$/.exec(line)?.[1] ?? table;
    const isIPv4 = !table.startsWith('ip6 ') && !table.startsWith('bridge ');
    if (isIPv4 && /\bhook forward\b.*\bpolicy drop\b/.test(line)) tables.push(table);
  }
  return tables;
}
