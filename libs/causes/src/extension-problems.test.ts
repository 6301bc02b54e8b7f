// APIServices without a server, webhooks without anybody behind them, and what follows from them.
import type { APIService, Deployment, EndpointSlice, Event, Namespace, Service, ValidatingWebhookConfiguration } from '@berth/api';
import { expect, test } from 'vitest';
import { findCards, type Known, whyProblem } from './index.ts';
import { ago, known, nothing } from './test-known.ts';

const apiService = (seconds: number, status: 'True' | 'False'): APIService => ({
  apiVersion: 'apiregistration.k8s.io/v1',
  kind: 'APIService',
  metadata: { name: 'v1.prices.example.com' },
  spec: {
    group: 'prices.example.com',
    version: 'v1',
    groupPriorityMinimum: 1,
    versionPriority: 1,
    service: { namespace: 'shop', name: 'prices' },
  },
  status: {
    conditions: [{ type: 'Available', status, reason: 'MissingEndpoints', message: 'no endpoints', lastTransitionTime: ago(seconds) }],
  },
});
const service = (name: string, spec: Service['spec'] = { selector: { app: name }, ports: [{ port: 443 }] }): Service => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { namespace: 'shop', name, creationTimestamp: ago(600) },
  spec,
});
const slice = (name: string): EndpointSlice => ({
  ...{ apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice', addressType: 'IPv4' },
  metadata: { namespace: 'shop', name: `${name}-1`, labels: { 'kubernetes.io/service-name': name } },
  endpoints: [{ addresses: ['10.0.0.1'], conditions: { ready: true } }],
  ports: [{ port: 443 }],
});
const configuration = (failurePolicy: string, port?: number): ValidatingWebhookConfiguration => ({
  apiVersion: 'admissionregistration.k8s.io/v1',
  kind: 'ValidatingWebhookConfiguration',
  metadata: { name: 'judges', creationTimestamp: ago(600) },
  webhooks: [
    {
      ...{ name: 'judge.example.com', admissionReviewVersions: ['v1'], sideEffects: 'None', failurePolicy },
      clientConfig: { service: { namespace: 'shop', name: 'judge', ...(port !== undefined && { port }) } },
    },
  ],
});
const shown = (all: Partial<Known>) =>
  findCards({ ...nothing, ...all }).map(({ first, cause }) => `${first.kind} ${first.name} ${cause.reason}`);

test('a version of the API that nobody answers for, once it has lasted; its Service and what waits for discovery are told with it', () => {
  expect(shown({ apiServices: [apiService(10, 'False')] })).toEqual([]);
  expect(shown({ apiServices: [apiService(600, 'True')] })).toEqual([]);
  const namespace: Namespace = {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: 'old', deletionTimestamp: ago(600) },
    spec: {},
    status: { conditions: [{ type: 'NamespaceDeletionDiscoveryFailure', status: 'True', reason: 'DiscoveryFailed', message: 'stale' }] },
  };
  const cards = findCards({ ...nothing, apiServices: [apiService(600, 'False')], namespaces: [namespace] });
  expect(cards.map(({ first }) => first.kind)).toEqual(['APIService']);
  expect(cards[0]?.follows.map(({ name }) => name)).toEqual(['old']);
  expect(cards[0]?.why.steps[0]?.command).toBe('berth why service/prices -n shop');
  // The Service that leads nowhere is the cause.
  expect(shown({ apiServices: [apiService(600, 'False')], services: [service('prices')] })).toEqual(['Service prices SelectsNobody']);
});

test('a webhook behind which nobody is, and the Deployment that it keeps from its pods, are one', () => {
  const deployment: Deployment = {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { namespace: 'shop', name: 'web', uid: 'web' },
    spec: { replicas: 1, selector: {}, template: { metadata: {}, spec: { containers: [] } } },
  };
  const refused: Event = {
    ...{ apiVersion: 'v1', kind: 'Event', metadata: { name: 'e', namespace: 'shop' }, type: 'Warning', lastTimestamp: ago(20) },
    involvedObject: { kind: 'ReplicaSet', namespace: 'shop', name: 'web-5d', uid: 'web-5d' },
    ...{ reason: 'FailedCreate', message: 'Error creating: failed calling webhook "judge.example.com": no answer' },
  };
  const all = { validatingWebhooks: [configuration('Fail')], deployments: [deployment], events: [refused] };
  const [card, ...more] = findCards(known(all));
  expect(more).toEqual([]);
  expect(card?.cause).toMatchObject({
    object: 'validatingwebhookconfiguration/judges',
    reason: 'ServiceNotFound',
    says: 'its webhook judge.example.com cannot answer: service shop/judge does not exist; what it is to judge is refused',
  });
  expect(card?.follows.map(({ name }) => name)).toEqual(['web']);
  expect(whyProblem('ValidatingWebhookConfiguration', configuration('Fail'), known(all)).causes[0]).toEqual(card?.cause);
});

test.each<[string, Partial<Known>, string[]]>([
  ['no endpoint', { services: [service('judge', { ports: [{ port: 443 }] })] }, ['NoEndpoints']],
  ['another port', { services: [service('judge', { ports: [{ port: 80 }] })], endpointSlices: [slice('judge')] }, ['NoSuchPort']],
  ['one that is well', { services: [service('judge', { ports: [{ port: 443 }] })], endpointSlices: [slice('judge')] }, []],
  ['a name for another', { services: [service('judge', { type: 'ExternalName', externalName: 'a.example.com' })] }, []],
  ['services that one may not read', { unread: new Set(['services']) }, []],
])('a webhook whose service has %s', (_, more, reasons) => {
  const cards = findCards({ ...nothing, validatingWebhooks: [configuration('Ignore')], ...more });
  expect(cards.map(({ cause }) => cause.reason)).toEqual(reasons);
  for (const { first } of cards) expect(first.severity).toBe('warning');
});
