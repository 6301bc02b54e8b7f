// Plans for network policies as nft scripts, each one transaction: the whole table anew, or the difference between two plans element by
// element. Pure.
import type { PlannedSet, PolicyPlan } from './policy-plan.ts';

export interface PolicyTableNames {
  table: string;
  /** Of this node's pods. */
  bridge: string;
}

/** At the kernel's hooks: their rules change only with the table. */
export const baseChains = ['egress', 'ingress'] as const;

/** Replaces whatever is there. */
export function wholeScript(plan: PolicyPlan, { table, bridge }: PolicyTableNames): string {
  const parts = [
    ...[...plan.sets].map(([name, { type, elements }]) => block(`set ${name}`, type, elements)),
    ...[...plan.chains].map(([name, rules]) => `  chain ${name} {\n${rules.map((rule) => `    ${rule}\n`).join('')}  }`),
    ...Object.entries(fixedSets(plan)).map(([name, { kind, type, elements }]) => block(`${kind} ${name}`, type, elements)),
    // Answers pass: what asked was judged. What asks is judged packet by packet, so that connections end with what allowed them. A pod reaches
    // itself whatever stands about it. Pods have no IPv6, but their interfaces do, and rules would be none to it.
    ...baseChains.map(
      (direction, index) => `  chain ${direction} {
    type filter hook forward priority ${10 + index}; policy accept;
    meta nfproto ipv6 iifname "${bridge}" oifname "${bridge}" drop
    ct state established ct direction reply accept
    ct state related accept
    ip saddr . ip daddr @themselves accept
    ip ${direction === 'egress' ? 'saddr' : 'daddr'} vmap @${direction}-pods
  }`,
    ),
  ];
  return `${noTableScript(table)}table inet ${table} {\n${parts.join('\n')}\n}\n`;
}

/** Whether there is one or not. */
export function noTableScript(table: string): string {
  return `table inet ${table}\ndelete table inet ${table}\n`;
}

/** Empty when both are the same. */
export function changeScript(before: PolicyPlan, after: PolicyPlan, table: string): string {
  const lines: string[] = [];
  for (const [name, { type }] of after.sets) if (!before.sets.has(name)) lines.push(`add set inet ${table} ${name} { type ${type}; }`);
  for (const name of after.chains.keys()) if (!before.chains.has(name)) lines.push(`add chain inet ${table} ${name}`);
  for (const [name, { elements }] of after.sets)
    lines.push(...elementChanges(table, name, before.sets.get(name)?.elements ?? [], elements));
  for (const [name, rules] of after.chains) {
    const former = before.chains.get(name);
    if (former && (former === rules || former.join('\n') === rules.join('\n'))) continue;
    if (former) lines.push(`flush chain inet ${table} ${name}`);
    lines.push(...rules.map((rule) => `add rule inet ${table} ${name} ${rule}`));
  }
  const [fixedBefore, fixedAfter] = [fixedSets(before), fixedSets(after)];
  for (const [name, { elements }] of Object.entries(fixedAfter))
    lines.push(...elementChanges(table, name, fixedBefore[name]?.elements ?? [], elements));
  // What jumps to others goes before them.
  const stale = [...before.chains.keys()].filter((name) => !after.chains.has(name));
  lines.push(...stale.map((name) => `flush chain inet ${table} ${name}`), ...stale.map((name) => `delete chain inet ${table} ${name}`));
  for (const name of before.sets.keys()) if (!after.sets.has(name)) lines.push(`delete set inet ${table} ${name}`);
  return lines.map((line) => `${line}\n`).join('');
}

/** Those that the base chains name. */
function fixedSets({ ingress, egress }: PolicyPlan): Record<string, PlannedSet & { kind: 'set' | 'map' }> {
  const verdicts = (chains: Map<string, string>) => [...chains].map(([address, chain]) => `${address} : goto ${chain}`);
  const isolated = new Set([...ingress.keys(), ...egress.keys()]);
  return {
    'ingress-pods': { kind: 'map', type: 'ipv4_addr : verdict', elements: verdicts(ingress) },
    'egress-pods': { kind: 'map', type: 'ipv4_addr : verdict', elements: verdicts(egress) },
    themselves: { kind: 'set', type: 'ipv4_addr . ipv4_addr', elements: [...isolated].map((address) => `${address} . ${address}`) },
  };
}

function elementChanges(table: string, name: string, before: readonly string[], after: readonly string[]): string[] {
  if (before === after) return [];
  const [had, has] = [new Set(before), new Set(after)];
  const gone = before.filter((element) => !has.has(element));
  const fresh = after.filter((element) => !had.has(element));
  return [
    ...(gone.length > 0 ? [`delete element inet ${table} ${name} { ${gone.join(', ')} }`] : []),
    ...(fresh.length > 0 ? [`add element inet ${table} ${name} { ${fresh.join(', ')} }`] : []),
  ];
}

function block(head: string, type: string, elements: readonly string[]): string {
  const list = elements.length > 0 ? `\n    elements = { ${elements.join(', ')} }` : '';
  return `  ${head} {\n    type ${type}${list}\n  }`;
}
