// Kinds that are no longer served: what a store holds of them stays there, and nothing else minds it.

import { Service } from '@berth/api';
import { MemoryStore } from '@berth/store';
import { expect, test } from 'vitest';
import { service, startTestServer } from './test-server.ts';

const keys = [
  '/registry/admissionregistration.k8s.io/mutatingadmissionpolicies/p',
  '/registry/certificates.k8s.io/clustertrustbundles/b',
  '/registry/certificates.k8s.io/podcertificaterequests/default/r',
];

test('a store with objects of kinds that are not served opens, and loses nothing', async () => {
  const store = new MemoryStore();
  const value = new TextEncoder().encode('{"metadata":{"name":"p"}}');
  await store.transact({ compare: [], writes: keys.map((key) => ({ type: 'put', key, value })) });
  const { server, client } = await startTestServer({ store });
  await client.create(Service, service('a'));
  await server.stop();
  for (const key of keys) expect((await store.get(key)).kv?.value).toEqual(value);
});
