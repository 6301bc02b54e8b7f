import type { Deployment, Pod } from '@berth/api';
import { expect, test } from 'vitest';
import type { KubernetesObject } from '../kubernetes-object.ts';
import { builtInType, type ResourceType, types } from '../resource-types.ts';
import type { Revision } from '../revisions.ts';
import type { Action } from './action.ts';
import { type Around, actionsOf } from './actions.ts';
import { dryRunOf } from './dry-run.ts';
import { fixAction } from './fixes.ts';

const now = new Date('2026-11-30T03:00:00.123Z');
const metadata = { namespace: 'shop', name: 'web', uid: 'u1', generation: 4 };
const template = (image: string) => ({ metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'main', image }] } });
const deployment = (more: object = {}): KubernetesObject =>
  ({ metadata, spec: { replicas: 2, template: template('web:2'), ...more } }) as never;
const revision = (number: number, image: string, isCurrent = false): Revision => ({
  number,
  name: `web-${number}`,
  template: template(image),
  createdAt: undefined,
  cause: undefined,
  isCurrent,
});
const revisions = [revision(3, 'web:2', true), revision(2, 'web:1'), revision(1, 'web:0')];
const ids = (type: ResourceType, object: object, around: Around = {}) =>
  actionsOf(type, object as KubernetesObject, around).map(({ id }) => id);

function action(id: string, type: ResourceType, object: KubernetesObject, around: Around = {}): Action {
  const found = actionsOf(type, object, around).find((one) => one.id === id);
  if (!found) throw new Error(`no action ${id}`);
  return found;
}

test('what is offered depends on the kind and on how the object is', () => {
  expect(ids(types.Deployment, deployment(), { revisions })).toEqual(['roll-back', 'restart', 'scale', 'pause', 'delete']);
  expect(ids(types.Deployment, deployment({ paused: true }), { revisions })).toEqual(['scale', 'resume', 'delete']);
  expect(ids(types.StatefulSet, deployment())).toEqual(['restart', 'scale', 'delete']);
  expect(ids(types.DaemonSet, deployment())).toEqual(['restart', 'delete']);
  const owned = { metadata: { ...metadata, ownerReferences: [{ controller: true, kind: 'Deployment', name: 'web' }] }, spec: {} };
  expect(ids(types.ReplicaSet, owned)).toEqual(['delete']);
  expect(ids(types.ReplicaSet, { metadata, spec: { replicas: 1 } })).toEqual(['scale', 'delete']);
  expect(ids(types.Node, { metadata: { name: 'n1' } })).toEqual(['cordon', 'taint', 'delete']);
  expect(ids(types.Node, { metadata: { name: 'n1' }, spec: { unschedulable: true } })).toEqual(['uncordon', 'taint', 'delete']);
  expect(ids(types.CronJob, { metadata, spec: { jobTemplate: { spec: {} } } })).toEqual(['run-now', 'suspend', 'delete']);
  expect(ids(types.Job, { metadata, spec: {}, status: { conditions: [{ type: 'Complete', status: 'True' }] } })).toEqual(['delete']);
});

test('what is being deleted is not deleted again, and custom kinds are scaled where they can be', () => {
  expect(ids(types.ConfigMap, { metadata: { ...metadata, deletionTimestamp: 'x' } })).toEqual([]);
  const website: ResourceType = { group: 'example.com', version: 'v1', resource: 'websites', kind: 'Website', isNamespaced: true };
  const object = { metadata, spec: { replicas: 2 } } as KubernetesObject;
  expect(ids(website, object)).toEqual(['delete']);
  const scaled = action('scale', website, object, { subresources: ['scale'] }).plan('3', now);
  expect(scaled.kubectl).toBe('kubectl -n shop scale websites.example.com/web --replicas=3');
  expect(scaled.request.path).toBe('/apis/example.com/v1/namespaces/shop/websites/web/scale');
});

test('a kind of a built-in one’s name in another group is not taken for it', () => {
  expect(builtInType('Service', 'serving.knative.dev')).toBeUndefined();
});

test('restarting sets the annotation that kubectl sets', () => {
  const { request, kubectl } = action('restart', types.Deployment, deployment()).plan('', now);
  expect(kubectl).toBe('kubectl -n shop rollout restart deployment/web');
  expect(request).toEqual({
    method: 'PATCH',
    path: '/apis/apps/v1/namespaces/shop/deployments/web',
    contentType: 'application/strategic-merge-patch+json',
    body: { spec: { template: { metadata: { annotations: { 'kubectl.kubernetes.io/restartedAt': '2026-11-30T03:00:00Z' } } } } },
  });
});

test('a Deployment goes back to the revision before, or to a chosen one, and not when it was changed meanwhile', () => {
  const back = action('roll-back', types.Deployment, deployment(), { revisions });
  expect(back.field?.initial).toBe('2');
  expect(back.field?.options?.map(({ label }) => label)).toEqual(['2: web:1', '1: web:0']);
  const { request, kubectl } = back.plan('1', now);
  expect(kubectl).toBe('kubectl -n shop rollout undo deployment/web --to-revision=1');
  expect(request.body).toEqual([
    { op: 'test', path: '/metadata/generation', value: 4 },
    { op: 'replace', path: '/spec/template', value: template('web:0') },
  ]);
});

test('a StatefulSet’s whole template is replaced', () => {
  const { request } = action('roll-back', types.StatefulSet, deployment(), { revisions }).plan('2', now);
  expect(request.body).toEqual({ spec: { template: { ...template('web:1'), $patch: 'replace' } } });
});

test('replicas are whole numbers', () => {
  const { field, access, before } = action('scale', types.Deployment, deployment());
  expect(['0', '3', '2147483647'].map((value) => field?.wrong(value))).toEqual([undefined, undefined, undefined]);
  for (const value of ['', '-1', '1.5', 'x', '2147483648', '99999999999']) expect(field?.wrong(value)).toBeDefined();
  expect(access).toEqual([{ verb: 'patch', group: 'apps', resource: 'deployments', subresource: 'scale', namespace: 'shop', name: 'web' }]);
  expect(before).toEqual({ spec: { replicas: 2 } });
});

test('after a container was killed for its memory, its limit can be raised, not below its request', () => {
  const killed = { name: 'main', restartCount: 1, state: {}, lastState: { terminated: { reason: 'OOMKilled', exitCode: 137 } } };
  const pods = [{ metadata: { name: 'web-1' }, spec: { containers: [] }, status: { containerStatuses: [killed] } }] as unknown as Pod[];
  const limited = deployment({
    template: { spec: { containers: [{ name: 'main', resources: { limits: { memory: '24Mi' }, requests: { memory: '16Mi' } } }] } },
  });
  const raise = action('raise-memory-main', types.Deployment, limited, { pods });
  expect(raise.field?.initial).toBe('48Mi');
  expect(raise.field?.wrong('8Mi')).toBe('Not less than its request, 16Mi.');
  expect(raise.field?.wrong('much')).toBeDefined();
  expect(raise.plan('64Mi', now).kubectl).toBe('kubectl -n shop set resources deployment/web -c main --limits=memory=64Mi');
  // Without a limit there is nothing to raise.
  expect(ids(types.Deployment, deployment(), { pods })).not.toContain('raise-memory-main');
});

test('a CronJob runs now by a job that it owns, whose name is not too long', () => {
  const object = { metadata: { ...metadata, name: 'n'.repeat(52) }, spec: { jobTemplate: { spec: { template: {} } } } } as KubernetesObject;
  const { request, kubectl } = action('run-now', types.CronJob, object).plan('', now);
  const { metadata: made } = request.body as { metadata: { name: string; ownerReferences: object[] } };
  expect(made.name.length).toBeLessThanOrEqual(63);
  expect(made.ownerReferences).toEqual([{ apiVersion: 'batch/v1', kind: 'CronJob', name: 'n'.repeat(52), uid: 'u1' }]);
  expect(kubectl).toContain(`create job ${made.name} --from=cronjob/`);
});

test('a deletion is of this very object, and its dry run stands where the API reads it', () => {
  const { request, kubectl } = action('delete', types.Pod, { metadata } as KubernetesObject).plan('', now);
  expect(kubectl).toBe('kubectl -n shop delete pod web');
  expect(request.body).toMatchObject({ propagationPolicy: 'Background', preconditions: { uid: 'u1' } });
  expect(dryRunOf(request)).toMatchObject({
    query: { dryRun: 'All' },
    request: { body: { dryRun: ['All'], preconditions: { uid: 'u1' } } },
  });
  expect(dryRunOf({ method: 'DELETE', path: '/x' }).request.body).toMatchObject({ kind: 'DeleteOptions', dryRun: ['All'] });
  const patch = action('restart', types.Deployment, deployment() as unknown as Deployment).plan('', now).request;
  expect(dryRunOf(patch)).toEqual({ request: patch, query: { dryRun: 'All' } });
});

test('a claim is only made larger, and a job that holds up others is deleted as this very one', () => {
  const claim = { metadata: { ...metadata, name: 'data' } } as KubernetesObject;
  const enlarge = fixAction({ type: 'Enlarge', namespace: 'shop', name: 'data', size: '1Gi' }, claim);
  for (const value of ['1Gi', '512Mi', 'much', '']) expect(enlarge?.field?.wrong(value)).toBeDefined();
  expect(enlarge?.field?.wrong('2Gi')).toBeUndefined();
  expect(enlarge?.plan('2Gi', now)).toEqual({
    request: {
      method: 'PATCH',
      path: '/api/v1/namespaces/shop/persistentvolumeclaims/data',
      contentType: 'application/merge-patch+json',
      body: { spec: { resources: { requests: { storage: '2Gi' } } } },
    },
    kubectl: `kubectl -n shop patch pvc data --type merge -p '{"spec":{"resources":{"requests":{"storage":"2Gi"}}}}'`,
  });
  const remove = fixAction({ type: 'Delete', kind: 'Job', namespace: 'shop', name: 'web' }, { metadata } as KubernetesObject);
  expect(remove?.label).toBe('Delete job');
  expect(remove?.plan('', now).request.body).toMatchObject({ preconditions: { uid: 'u1' } });
});
