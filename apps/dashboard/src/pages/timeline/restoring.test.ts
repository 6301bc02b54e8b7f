import { expect, test } from 'vitest';
import { types } from '../../model/resource-types.ts';
import { restoreAction } from './restoring.ts';

test('what is made again is what was, without what only the one that is gone could have', () => {
  const metadata = { name: 'web', namespace: 'shop', uid: 'u', resourceVersion: '7', labels: { app: 'web' } };
  const spec = { clusterIP: '10.96.0.7', clusterIPs: ['10.96.0.7'], ports: [{ port: 80 }] };
  const past = { metadata, spec, status: { loadBalancer: {} } };
  const other = { metadata: { name: 'other' }, spec: { clusterIP: '10.96.0.7' } };
  const atMs = Date.parse('2026-01-01T12:00:00.123Z');
  const action = restoreAction({ type: types.Service, past, atMs, services: [other] });
  expect(action.access).toEqual([{ verb: 'create', group: '', resource: 'services', namespace: 'shop' }]);
  expect(action.plan('', new Date())).toEqual({
    request: {
      method: 'POST',
      path: '/api/v1/namespaces/shop/services',
      body: {
        apiVersion: 'v1',
        kind: 'Service',
        metadata: { name: 'web', namespace: 'shop', labels: { app: 'web' } },
        spec: { ports: [{ port: 80 }] },
      },
    },
    kubectl: 'berth at 2026-01-01T12:00:00.123Z get service/web -n shop -o yaml | kubectl apply -f -',
  });
  const free = restoreAction({ type: types.Service, past, atMs, services: [] }).plan('', new Date());
  expect(free.request.body).toMatchObject({ spec });
});
