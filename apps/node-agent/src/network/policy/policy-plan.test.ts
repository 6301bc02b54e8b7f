// The rules of nftables that policies come to, and what of them changes. That the kernel understands them: test/integration/network-policy.test.ts.
import type { Pod } from '@berth/api';
import type { AddressSet, PolicyRules } from '@berth/protocol';
import { describe, expect, test } from 'vitest';
import { type PolicyInput, type PolicyPlan, PolicyPlanner } from './policy-plan.ts';
import { changeScript, wholeScript } from './policy-script.ts';

const planPolicies = (input: PolicyInput, before: PolicyPlan | undefined) => new PolicyPlanner().plan(input, before);
const names = { table: 't', bridge: 'br0' };

function policy(name: string, spec: Partial<PolicyRules['spec']>): PolicyRules {
  return { apiVersion: 'berth.io/v1', kind: 'PolicyRules', metadata: { name, namespace: 'x' }, spec: { podSelector: {}, ...spec } };
}

function set(name: string, ...elements: string[]): AddressSet {
  return { apiVersion: 'berth.io/v1', kind: 'AddressSet', metadata: { name }, spec: { elements } };
}

function pod(name: string, podIP: string | undefined, more: Partial<Pod['spec']> = {}, namespace = 'x'): Pod {
  const status = podIP === undefined ? {} : { podIP };
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace, labels: { app: name } }, spec: { containers: [], ...more }, status };
}

const planned = (input: Partial<PolicyInput>) =>
  planPolicies({ policies: [], addressSets: [], pods: [], leaving: [], ...input }, undefined);
const rulesOf = (spec: Partial<PolicyRules['spec']>, chain: string) =>
  [...planned({ policies: [policy('p', spec)], pods: [pod('a', '10.0.0.1')] }).chains].find(([name]) => name.startsWith(chain))?.[1];

describe('rules', () => {
  test.each<[string, Partial<PolicyRules['spec']>, string[]]>([
    ['no rule lets nothing in', { ingress: [] }, []],
    ['a rule without conditions lets all in', { ingress: [{}] }, ['accept']],
    ['peers of whom there are none let nothing in', { ingress: [{ peers: [] }] }, []],
    [
      'ranges, and what they leave out',
      {
        ingress: [
          {
            peers: [
              { cidr: '10.0.0.0/8', except: ['10.1.0.0/16', '10.2.0.0/16'] },
              { cidr: '0.0.0.0/0', except: [] },
            ],
          },
        ],
      },
      ['ip saddr 10.0.0.0/8 ip saddr != 10.1.0.0/16 ip saddr != 10.2.0.0/16 accept', 'meta nfproto ipv4 accept'],
    ],
    [
      'ports that overlap, of one protocol and another',
      {
        ingress: [
          {
            ports: [
              { protocol: 'tcp', from: 80, to: 90 },
              { protocol: 'tcp', from: 85, to: 85 },
              { protocol: 'tcp', from: 91, to: 95 },
              { protocol: 'tcp', from: 443, to: 443 },
              { protocol: 'udp', from: 0, to: 65535 },
            ],
          },
        ],
      },
      ['meta l4proto tcp th dport { 80-95, 443 } accept', 'meta l4proto udp accept'],
    ],
    [
      'each peer with each port',
      { ingress: [{ peers: [{ set: 'pods-1' }, { set: 'pods-2' }], ports: [{ set: 'ports-1' }] }] },
      ['pods-1', 'pods-2'].map((name) => `ip saddr @${name} ip daddr . meta l4proto . th dport @ports-1 accept`),
    ],
  ])('%s', (_, spec, expected) => {
    expect(rulesOf(spec, 'ingress-')).toEqual(expected);
  });

  test('of what goes out, peers are where it goes', () => {
    expect(rulesOf({ egress: [{ peers: [{ set: 'pods-1' }] }] }, 'egress-')).toEqual(['ip daddr @pods-1 accept']);
    expect(rulesOf({ egress: [{}] }, 'ingress-')).toBeUndefined();
  });
});

describe('pods', () => {
  test('only those of the namespace that a selector matches, with an address of their own', () => {
    const policies = [policy('p', { podSelector: { matchLabels: { app: 'a' } }, ingress: [] })];
    const pods = [
      pod('a', '10.0.0.1'),
      pod('b', '10.0.0.2'),
      pod('a', '10.0.0.3', { hostNetwork: true }),
      pod('a', '10.0.0.4', {}, 'y'),
      pod('a', undefined),
    ];
    const plan = planned({ policies, pods });
    expect([...plan.ingress.keys()]).toEqual(['10.0.0.1']);
    expect(plan.egress.size).toBe(0);
  });

  test('those that the same policies select share a chain, which lets in what any of them does', () => {
    const policies = [policy('p', { ingress: [] }), policy('q', { ingress: [{}] })];
    const plan = planned({ policies, pods: [pod('a', '10.0.0.1'), pod('b', '10.0.0.2')] });
    const [chain = ''] = new Set(plan.ingress.values());
    expect(new Set(plan.ingress.values()).size).toBe(1);
    expect(plan.chains.get(chain)).toEqual([expect.stringMatching(/^jump ingress-/), expect.stringMatching(/^jump ingress-/), 'drop']);
  });

  test('one planner plans as another that knows nothing yet, whatever changed in between', () => {
    const planner = new PolicyPlanner();
    const [a, b] = [pod('a', '10.0.0.1'), pod('b', '10.0.0.2')];
    const relabelled = { ...a, metadata: { ...a.metadata, labels: { app: 'b' } } };
    const first = policy('p', { podSelector: { matchLabels: { app: 'a' } }, ingress: [] });
    const second = policy('p', { podSelector: { matchLabels: { app: 'b' } }, ingress: [{}] });
    for (const [policies, pods] of [
      [[first], [a, b]],
      [[first], [relabelled, b]],
      [[second], [relabelled, b]],
      [[first, second], [a]],
      [[], [a, b]],
    ] as const) {
      const input = { policies, pods, addressSets: [], leaving: [] };
      expect(planner.plan(input, undefined)).toEqual(planPolicies(input, undefined));
    }
  });

  test('what is about to go stays closed where it was, and everywhere while nothing is known', () => {
    const before = planned({ policies: [policy('p', { ingress: [{}] })], pods: [pod('a', '10.0.0.1')] });
    const leaving = { policies: [], addressSets: [], pods: [], leaving: [pod('a', '10.0.0.1'), pod('b', '10.0.0.2')] };
    const after = planPolicies(leaving, before);
    expect([[...after.ingress], [...after.egress]]).toEqual([[['10.0.0.1', 'closed']], []]);
    expect([...planPolicies(leaving, undefined).egress.keys()]).toEqual(['10.0.0.1', '10.0.0.2']);
    // Another pod has its address by now.
    expect([...planPolicies({ ...leaving, pods: [pod('c', '10.0.0.1')] }, undefined).ingress.keys()]).toEqual(['10.0.0.2']);
  });
});

describe('changes', () => {
  const policies = [policy('p', { ingress: [{ peers: [{ set: 'pods-1' }] }] })];
  const one = planned({ policies, addressSets: [set('pods-1', '10.0.0.8', '10.0.0.9')], pods: [pod('a', '10.0.0.1')] });

  test('nothing is done when nothing has changed', () => {
    const same = planned({ policies: [...policies], addressSets: [set('pods-1', '10.0.0.8', '10.0.0.9')], pods: [pod('a', '10.0.0.1')] });
    expect(changeScript(one, same, 't')).toBe('');
  });

  test('pods that come and go are elements that come and go', () => {
    const other = planned({ policies, addressSets: [set('pods-1', '10.0.0.9', '10.0.0.10')], pods: [pod('b', '10.0.0.2')] });
    const chain = one.ingress.get('10.0.0.1');
    expect(changeScript(one, other, 't').trim().split('\n')).toEqual([
      'delete element inet t pods-1 { 10.0.0.8 }',
      'add element inet t pods-1 { 10.0.0.10 }',
      `delete element inet t ingress-pods { 10.0.0.1 : goto ${chain} }`,
      `add element inet t ingress-pods { 10.0.0.2 : goto ${chain} }`,
      'delete element inet t themselves { 10.0.0.1 . 10.0.0.1 }',
      'add element inet t themselves { 10.0.0.2 . 10.0.0.2 }',
    ]);
  });

  test('a rule that is another replaces the rules of its chain, and sets that nobody names go last', () => {
    const other = planned({ policies: [policy('p', { ingress: [{}] })], pods: [pod('a', '10.0.0.1')] });
    const lines = changeScript(one, other, 't').trim().split('\n');
    expect(lines).toEqual([
      expect.stringMatching(/^flush chain inet t ingress-\w+$/),
      expect.stringMatching(/^add rule inet t ingress-\w+ accept$/),
      'delete set inet t pods-1',
    ]);
  });

  test('the whole is one table, made anew', () => {
    const text = wholeScript(one, names);
    expect(text.startsWith('table inet t\ndelete table inet t\ntable inet t {\n')).toBe(true);
    expect(text).toContain('elements = { 10.0.0.8, 10.0.0.9 }');
    expect(text).toContain('iifname "br0" oifname "br0" drop');
  });
});
