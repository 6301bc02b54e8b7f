import type { Node } from '@berth/api';
import { Registry } from 'prom-client';
import { expect, test } from 'vitest';
import { NodeCounters } from './node-metrics.ts';
import { ZoneDisruption, zoneOf } from './zone-disruption.ts';

const silent = { zone() {}, evicted() {} };

function node(name: string, labels: Record<string, string> = {}): Node {
  return { apiVersion: 'v1', kind: 'Node', metadata: { name, labels }, spec: {} };
}

/** Nodes 0 to count - 1 of a zone, the first `unready` of them not ready. */
function fill(zones: ZoneDisruption, count: number, unready: number, labels: Record<string, string> = {}): string[] {
  const names = Array.from({ length: count }, (_, index) => `${labels['topology.kubernetes.io/zone'] ?? ''}${index}`);
  for (const [index, name] of names.entries()) zones.see(node(name, labels), index >= unready);
  return names.slice(0, unready);
}

/** When each node may lose its pods, in seconds from now; asked once a second. */
function permissions(zones: ZoneDisruption, names: string[], seconds: number): Record<string, number> {
  const found: Record<string, number> = {};
  for (let second = 0; second <= seconds; second++)
    for (const name of names) if (!(name in found) && zones.permits(name, false, second * 1000)) found[name] = second;
  return found;
}

const inZone = (zone: string) => ({ 'topology.kubernetes.io/zone': zone });

test('a zone is named by region and zone of its labels, the older ones first', () => {
  expect(zoneOf(node('n'))).toBe('');
  expect(zoneOf(node('n', inZone('a')))).toBe(':\0:a');
  expect(zoneOf(node('n', { ...inZone('a'), 'topology.kubernetes.io/region': 'r' }))).toBe('r:\0:a');
  expect(zoneOf(node('n', { ...inZone('a'), 'failure-domain.beta.kubernetes.io/zone': 'old' }))).toBe(':\0:old');
});

test('a zone is normal, partially or fully disrupted by the share of its nodes that are not ready, from three on', () => {
  const state = (count: number, unready: number) => {
    const zones = new ZoneDisruption(silent);
    fill(zones, count, unready);
    zones.assess(0);
    return zones.stateOf('');
  };
  expect([state(3, 0), state(3, 2), state(4, 2), state(3, 3), state(1, 1)]).toEqual([
    ...['Normal', 'Normal', 'Normal', 'FullDisruption', 'FullDisruption'],
  ]);
  expect([state(5, 3), state(100, 54), state(100, 55), state(6, 3)]).toEqual([
    ...['PartialDisruption', 'Normal', 'PartialDisruption', 'Normal'],
  ]);
});

test('in a normal zone one node in ten seconds loses its pods, in the order in which they were found', () => {
  const zones = new ZoneDisruption(silent);
  const lost = fill(zones, 8, 4);
  zones.assess(0);
  expect(permissions(zones, lost, 40)).toEqual({ 0: 0, 1: 10, 2: 20, 3: 30 });
});

test('in a small zone that is partially disrupted nobody else goes; in a large one, one node in a hundred seconds', () => {
  const small = new ZoneDisruption(silent);
  const ofSmall = fill(small, 50, 30);
  small.assess(0);
  expect(permissions(small, ofSmall, 1000)).toEqual({});
  const large = new ZoneDisruption(silent);
  const ofLarge = fill(large, 51, 30);
  large.assess(0);
  expect(permissions(large, ofLarge, 250)).toEqual({ 0: 0, 1: 100, 2: 200 });
});

test('a fully disrupted zone goes on at the normal rate while another has ready nodes, each by its own', () => {
  const zones = new ZoneDisruption(silent);
  const a = fill(zones, 2, 2, inZone('a'));
  const b = fill(zones, 5, 1, inZone('b'));
  zones.assess(0);
  expect(zones.stateOf(':\0:a')).toBe('FullDisruption');
  expect(permissions(zones, [...a, ...b], 20)).toEqual({ a0: 0, a1: 10, b0: 0 });
});

test('when no zone has a ready node nobody goes, not even who might already; once one is back it begins anew', () => {
  const zones = new ZoneDisruption(silent);
  const lost = fill(zones, 4, 2);
  zones.assess(0);
  expect(permissions(zones, lost, 10)).toEqual({ 0: 0, 1: 10 });
  fill(zones, 4, 4);
  expect([zones.assess(20_000), zones.isStopped]).toEqual(['entered', true]);
  expect(zones.permits('0', true, 60_000)).toBe(false);
  fill(zones, 4, 2);
  expect([zones.assess(60_000), zones.isStopped]).toEqual(['left', false]);
  // The first permission comes after a whole interval.
  expect([zones.permits('0', false, 60_000), zones.permits('0', false, 69_999), zones.permits('0', false, 70_000)]).toEqual([
    ...[false, false, true],
  ]);
});

test('who is ready again gives its place and its permission back, and who was tainted before the start needs none', () => {
  const zones = new ZoneDisruption(silent);
  fill(zones, 9, 3);
  zones.assess(0);
  expect([zones.permits('0', true, 0), zones.permits('1', false, 0), zones.permits('2', false, 0)]).toEqual([true, true, false]);
  zones.see(node('1'), true);
  zones.assess(5_000);
  zones.see(node('1'), false);
  zones.assess(6_000);
  expect([zones.permits('1', false, 10_000), zones.permits('2', false, 10_000), zones.permits('1', false, 20_000)]).toEqual([
    ...[false, true, true],
  ]);
  zones.forget('1');
  zones.forget('2');
  expect(zones.assess(20_000)).toBeUndefined();
});

test('nodes that are excluded from disruption count for no zone, and zones are counted under the names of Kubernetes', async () => {
  const registry = new Registry();
  const counters = new NodeCounters(registry);
  const zones = new ZoneDisruption(counters);
  fill(zones, 4, 1, inZone('a'));
  zones.see(node('spare', { ...inZone('a'), 'node.kubernetes.io/exclude-disruption': '' }), false);
  zones.assess(0);
  expect(zones.permits('a0', false, 0)).toBe(true);
  const counted = async () => (await registry.metrics()).split('\n').filter((line) => line.startsWith('node_collector_'));
  expect(await counted()).toEqual([
    'node_collector_zone_health{zone=":\0:a"} 75',
    'node_collector_zone_size{zone=":\0:a"} 4',
    'node_collector_unhealthy_nodes_in_zone{zone=":\0:a"} 1',
    'node_collector_evictions_total{zone=":\0:a"} 1',
  ]);
  for (const name of ['a0', 'a1', 'a2', 'a3']) zones.forget(name);
  zones.assess(0);
  expect(zones.stateOf(':\0:a')).toBeUndefined();
  expect((await counted()).slice(0, 2)).toEqual([
    'node_collector_zone_health{zone=":\0:a"} 100',
    'node_collector_zone_size{zone=":\0:a"} 0',
  ]);
  counters.stop();
  expect(await registry.metrics()).toBe('\n');
});
