// Objects outlive the kind that they are of: whatever took a kind away, they are there when it is served again.

import { schemas } from '@berth/api';
import { defineKind, type KubeObject } from '@berth/machinery';
import { MemoryStore } from '@berth/store';
import { seededRandom, silentLogger, systemClock } from '@berth/telemetry';
import { expect, test } from 'vitest';
import { kindPrefix } from '../keys.ts';
import { noMetrics } from '../types.ts';
import { WatchCache } from '../watch-cache.ts';

test('a kind that goes and comes again has the objects that are stored', async () => {
  const store = new MemoryStore();
  const options = { store, clock: systemClock, random: seededRandom(1), logger: silentLogger, metrics: noMetrics };
  const cache = new WatchCache({ ...options, kinds: [] });
  await cache.start();
  const kind = defineKind<KubeObject>({
    ...{ group: 'g.io', version: 'v1', kind: 'A', plural: 'as', scope: 'Namespaced' },
    schema: schemas.message('core.v1.ConfigMap'),
    readContent: (value) => ({ value, unknown: [] }),
  });
  await cache.add(kind);
  expect(cache.of(kind).size).toBe(0);
  const value = new TextEncoder().encode('{"apiVersion":"g.io/v1","kind":"A","metadata":{"name":"x"}}');
  const { revision } = await store.transact({ compare: [], writes: [{ type: 'put', key: `${kindPrefix(kind)}default/x`, value }] });
  await cache.reach(revision);
  expect(cache.of(kind).size).toBe(1);
  cache.remove(kind);
  await cache.add(kind);
  expect(cache.of(kind).get('default/x')?.object.metadata.name).toBe('x');
  await cache.stop();
});
