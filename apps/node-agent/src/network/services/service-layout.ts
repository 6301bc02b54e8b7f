// The part of a node's table for services that is the same whatever services there are: chains at the kernel's hooks, and the maps and sets
// that they look things up in. Which services there are is elements of these (frontends.ts). Pure. The text's hash names a chain in the table,
// by which a later agent sees that what is there was made for the same layout.
import { createHash } from 'node:crypto';

export interface LayoutNames {
  /** The nft table of this agent. */
  table: string;
  bridge: string;
}

export interface LayoutInput extends LayoutNames {
  podCidr: string;
  /** Whether bridged packets pass the rules, too (bridge-nf-call-iptables); else answers between pods of one bridge bypass them. */
  bridgeIsFiltered: boolean;
}

export interface Layout {
  /** The table's statement, without elements. */
  text: string;
  marker: string;
  /** By chain: how many rules there are, so that missing ones are noticed. */
  ruleCounts: Map<string, number>;
}

interface LayoutChain {
  hook?: string;
  rules: string[];
}

const addressPort = 'ipv4_addr . inet_proto . inet_service';

/** Where endpoints are by their numbers: those come from `numgen`, whose type only `typeof` can name. By protocol, as translation needs to know it. */
const endpointMaps = (['tcp', 'udp', 'sctp'] as const).flatMap((protocol) => [
  [`map ${protocol}-endpoints`, `typeof ip daddr . ${protocol} dport . numgen random mod 65536 : ip daddr . ${protocol} dport`],
  [`map node-${protocol}-endpoints`, `typeof ${protocol} dport . numgen random mod 65536 : ip daddr . ${protocol} dport`],
]);

const sets: Record<string, string> = {
  'map cluster-ports': `type ${addressPort} : verdict`,
  'map outside-ports': `type ${addressPort} : verdict`,
  'map node-ports': 'type inet_proto . inet_service : verdict',
  ...Object.fromEntries(endpointMaps),
  'set service-addresses': 'type ipv4_addr',
  'set refused-outside-ports': `type ${addressPort}`,
  'set refused-node-ports': 'type inet_proto . inet_service',
  'set kept': `type ${addressPort}`,
  'set pod-networks': 'type ipv4_addr; flags interval',
  'set hairpins': 'type ipv4_addr . ipv4_addr',
};

/** Names of maps and sets whose elements are planned. */
export const plannedSets: ReadonlySet<string> = new Set(Object.keys(sets).map((head) => head.split(' ')[1] ?? ''));

export function layoutOf(input: LayoutInput): Layout {
  const chains = chainsOf(input);
  const blocks = [
    ...Object.entries(sets).map(([head, type]) => `  ${head} {\n    ${type}\n  }`),
    ...Object.entries(chains).map(([name, { hook, rules }]) =>
      [`  chain ${name} {`, ...(hook ? [`    type ${hook}; policy accept;`] : []), ...rules.map((rule) => `    ${rule}`), '  }'].join('\n'),
    ),
  ];
  const body = blocks.join('\n');
  const marker = `layout-${createHash('sha256').update(body).digest('hex').slice(0, 16)}`;
  return {
    text: `table ip ${input.table} {\n${body}\n  chain ${marker} {\n  }\n}\n`,
    marker,
    ruleCounts: new Map(Object.entries(chains).map(([name, { rules }]) => [name, rules.length])),
  };
}

/** Whether there is one or not. */
export function noTableScript(table: string): string {
  return `table ip ${table}\ndelete table ip ${table}\n`;
}

function chainsOf({ bridge, podCidr, bridgeIsFiltered }: LayoutInput): Record<string, LayoutChain> {
  // Without filtered bridging, an answer from pod to pod would not come back through here to be translated.
  const viaHere = bridgeIsFiltered ? [] : [`ct status dnat ip saddr ${podCidr} oifname "${bridge}" masquerade`];
  // What is still for an address of services alone behind the translation is for a port that no service has, or that no endpoint stands behind;
  // answers are not: a node that asks an address which it announces does so from that address.
  // Pods know each other by their own addresses, on whichever nodes they are; whoever else comes through a service gets its answers
  // from the node that it asked. What others on this machine translate, another cluster or a proxy, is theirs, so endpoints are asked for.
  // Node ports on 127.0.0.1 need route_localnet, which alone would open the node's loopback to pods and to its neighbours (CVE-2020-8558).
  return {
    dispatch: {
      rules: [
        'ip daddr . meta l4proto . th dport vmap @cluster-ports',
        'ip daddr . meta l4proto . th dport @kept return',
        'ip daddr . meta l4proto . th dport vmap @outside-ports',
        'ip daddr @service-addresses return',
        'fib daddr type local meta l4proto . th dport vmap @node-ports',
      ],
    },
    prerouting: { hook: 'nat hook prerouting priority dstnat', rules: ['jump dispatch'] },
    output: { hook: 'nat hook output priority -100', rules: ['jump dispatch'] },
    postrouting: {
      hook: 'nat hook postrouting priority srcnat',
      rules: [
        'ip saddr . ip daddr @hairpins masquerade',
        'ct status dnat ip saddr 127.0.0.0/8 masquerade',
        ...viaHere,
        `oifname { "${bridge}", "lo" } return`,
        `ip saddr ${podCidr} ip daddr != @pod-networks masquerade`,
        'ct status dnat ip saddr != @pod-networks ip daddr . ip daddr @hairpins masquerade',
      ],
    },
    refuse: {
      rules: [
        'ip daddr @service-addresses ct state != { established, related } reject',
        'ip daddr . meta l4proto . th dport @refused-outside-ports reject',
        'fib daddr type local meta l4proto . th dport @refused-node-ports reject',
      ],
    },
    'refuse-forward': { hook: 'filter hook forward priority filter', rules: ['jump refuse'] },
    'refuse-input': {
      hook: 'filter hook input priority filter',
      rules: ['iifname != "lo" ip daddr 127.0.0.0/8 ct state != { established, related } drop', 'jump refuse'],
    },
    'refuse-output': { hook: 'filter hook output priority filter', rules: ['jump refuse'] },
  };
}
