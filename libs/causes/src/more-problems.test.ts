import type { autoscalingV2, batchV1, Deployment, EndpointSlice, Event, Pod, Service } from '@berth/api';
import { expect, test } from 'vitest';
import { autoscalerProblems, jobProblems, refusalProblems, serviceProblems } from './more-problems.ts';
import { groupProblems } from './problem-groups.ts';
import { findProblems } from './problems.ts';

const now = Date.parse('2026-11-30T03:00:00Z');
const ago = (seconds: number) => new Date(now - seconds * 1000).toISOString();
const meta = (name: string, more: object = {}) => ({ namespace: 'shop', name, uid: name, creationTimestamp: ago(600), ...more });
const deployment = (name: string, replicas: number, availableReplicas: number) =>
  ({
    metadata: meta(name),
    spec: { replicas },
    status: { availableReplicas, conditions: [{ type: 'Available', status: availableReplicas < replicas ? 'False' : 'True' }] },
  }) as unknown as Deployment;
const event = (kind: string, name: string, reason: string, message: string, seconds: number) =>
  ({
    involvedObject: { kind, namespace: 'shop', name, uid: name },
    type: 'Warning',
    reason,
    message,
    lastTimestamp: ago(seconds),
  }) as unknown as Event;

test('pods that are refused are a problem while they are missing, and no longer', () => {
  const quota = event('ReplicaSet', 'web-5d', 'FailedCreate', 'pods "x" is forbidden: exceeded quota: q', 100);
  const find = (deployments: Deployment[], events: Event[]) => refusalProblems({ deployments, events }, now).map(({ reason }) => reason);
  expect(find([deployment('web', 2, 1)], [quota])).toEqual(['Quota']);
  expect(find([deployment('web', 2, 2)], [quota])).toEqual([]);
  expect(find([], [quota])).toEqual([]);
  expect(find([deployment('web', 2, 1)], [quota, event('ReplicaSet', 'web-5d', 'SuccessfulCreate', '', 50)])).toEqual([]);
  expect(find([deployment('web', 2, 1)], [event('ReplicaSet', 'web-5d', 'FailedCreate', 'x', 3_000)])).toEqual([]);
});

test('what follows from a cause is said there, and is no card of its own', () => {
  const pod = {
    metadata: meta('web-5d-1', { labels: { app: 'web' }, ownerReferences: [{ kind: 'ReplicaSet', name: 'web-5d', controller: true }] }),
    spec: { containers: [], nodeName: 'n1' },
    status: {
      phase: 'Running',
      containerStatuses: [{ name: 'main', restartCount: 3, state: { waiting: { reason: 'CrashLoopBackOff' } } }],
    },
  } as unknown as Pod;
  const service = { metadata: meta('front'), spec: { selector: { app: 'web' } } } as unknown as Service;
  const none = { nodes: [], claims: [], volumes: [], events: [] };
  const observed = { ...none, pods: [pod], deployments: [deployment('web', 1, 0)], services: [service], endpointSlices: [] };
  const groups = groupProblems(findProblems(observed, now));
  expect(groups.map(({ first }) => `${first.kind} ${first.reason}`)).toEqual(['Pod CrashLoopBackOff']);
  expect(groups[0]?.follows.map(({ kind, name }) => `${kind} ${name}`)).toEqual(['Deployment web', 'Service front']);
  // Without pods that say why, the Deployment speaks for itself.
  expect(groupProblems(findProblems({ ...observed, pods: [] }, now)).map(({ first }) => first.kind)).toEqual(['Deployment', 'Service']);
});

test('a container that crashed a moment ago is not taken for well', () => {
  const pod = (seconds: number) =>
    ({
      metadata: meta('a'),
      spec: { containers: [], nodeName: 'n1' },
      status: {
        phase: 'Running',
        containerStatuses: [
          {
            name: 'main',
            restartCount: 2,
            state: { running: {} },
            lastState: { terminated: { exitCode: 137, reason: 'OOMKilled', finishedAt: ago(seconds) } },
          },
        ],
      },
    }) as unknown as Pod;
  const find = (seconds: number) =>
    findProblems({ pods: [pod(seconds)], nodes: [], deployments: [], claims: [], volumes: [], events: [] }, now);
  expect(find(30).map(({ reason }) => reason)).toEqual(['OOMKilled']);
  expect(find(90)).toEqual([]);
});

test('a failed job is a problem, of a CronJob only while none that is over has come after it', () => {
  const job = (name: string, seconds: number, failed: boolean, owner?: string) =>
    ({
      metadata: meta(name, { creationTimestamp: ago(seconds), ...(owner && { ownerReferences: [{ uid: owner, controller: true }] }) }),
      status: failed
        ? { conditions: [{ type: 'Failed', status: 'True', reason: 'BackoffLimitExceeded', message: 'too often' }] }
        : { ...(name !== 'runs' && { completionTime: ago(1) }) },
    }) as unknown as batchV1.Job;
  const names = (jobs: batchV1.Job[]) => jobProblems(jobs).map(({ name }) => name);
  expect(names([job('alone', 100, true), job('well', 100, false)])).toEqual(['alone']);
  expect(names([job('old', 200, true, 'c'), job('new', 100, false, 'c')])).toEqual([]);
  // One that still runs says nothing yet.
  expect(names([job('old', 200, true, 'c'), job('runs', 100, false, 'c')])).toEqual(['old']);
  expect(names([job('old', 200, false, 'c'), job('new', 100, true, 'c')])).toEqual(['new']);
});

test('an autoscaler that gets no numbers is a problem, one that is switched off is not', () => {
  const autoscaler = (reason: string) =>
    ({
      metadata: meta('web'),
      status: { conditions: [{ type: 'ScalingActive', status: 'False', reason, message: 'no metrics' }] },
    }) as unknown as autoscalingV2.HorizontalPodAutoscaler;
  expect(autoscalerProblems([autoscaler('FailedGetResourceMetric')]).map(({ message }) => message)).toEqual(['no metrics']);
  expect(autoscalerProblems([autoscaler('ScalingDisabled')])).toEqual([]);
});

test('a service that leads nowhere says whether any pod has its labels', () => {
  const service = (name: string, spec: object) => ({ metadata: meta(name), spec }) as unknown as Service;
  const slice = (ready: boolean) =>
    ({
      metadata: { namespace: 'shop', labels: { 'kubernetes.io/service-name': 'web' } },
      endpoints: [{ conditions: { ready } }],
    }) as unknown as EndpointSlice;
  const web = service('web', { selector: { app: 'web' } });
  const messages = (services: Service[], slices: EndpointSlice[], age = 0) =>
    serviceProblems(services, slices, [], now - age).map(({ message }) => message);
  expect(messages([web], [])).toEqual(['no pod has its labels, app=web']);
  expect(messages([web], [slice(false)])).toEqual(['no pod has its labels, app=web']);
  expect(messages([web], [slice(true)])).toEqual([]);
  expect(messages([web], [], 590_000)).toEqual([]);
  expect(messages([service('far', { type: 'ExternalName', selector: { a: 'b' } }), service('by-hand', {})], [])).toEqual([]);
});
