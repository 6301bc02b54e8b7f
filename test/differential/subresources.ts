// Status, scale and the other parts of objects that are read and written by themselves.
import { seededRandom } from '@berth/telemetry';
import { changed, create, query, type Scene, type Step, step } from './scenarios.ts';
import { invented } from './values.ts';

type Fields = Record<string, unknown>;

const others: Record<string, ((scene: Scene) => Step[]) | undefined> = {
  Pod: podSteps,
  ServiceAccount: tokenSteps,
  CertificateSigningRequest: approvalSteps,
  Namespace: finalizeSteps,
};

export function subresourceSteps(scene: Scene): Step[] {
  const { kind, path, random } = scene;
  const plans: (() => Step[])[] = [];
  if (kind.subresources.status && !scene.dry) plans.push(() => statusSteps(scene));
  if (kind.subresources.scale) plans.push(() => scaleSteps(scene));
  const other = others[kind.kind];
  if (other)
    plans.push(
      () => other(scene),
      () => other(scene),
    );
  const plan = plans[random.int(Math.max(1, plans.length))];
  const unknown = step('absent subresource', { method: 'GET', path: `${path}/bogus` });
  return plan ? [create(scene), ...plan()] : [create(scene), unknown];
}

function statusSteps(scene: Scene): Step[] {
  const { kind, path, random, validation } = scene;
  const type = kind.schema.byName.get('status')?.schema;
  if (!type) return [];
  const status = invented(type, 'status', random, 2);
  const seed = random.int(2 ** 31);
  // Drawn once: both servers are asked the same.
  const isChanged = random.int(4) === 0;
  const put: Step = {
    verb: 'status update',
    request: (previous) => {
      const base = previous ?? (scene.object as unknown as Fields);
      const body = isChanged ? changed({ ...scene, random: seededRandom(seed) }, base) : structuredClone(base);
      return { method: 'PUT', path: `${path}/status${query(validation)}`, body: { ...body, status } };
    },
  };
  const patch = step('status patch', {
    method: 'PATCH',
    path: `${path}/status${query(validation)}`,
    body: { status, metadata: { labels: { a: 'b' } } },
    contentType: 'application/merge-patch+json',
  });
  const apply = step('status apply', {
    method: 'PATCH',
    path: `${path}/status${query('fieldManager=s', 'force=true')}`,
    body: { apiVersion: scene.object.apiVersion, kind: kind.kind, metadata: { name: scene.object.metadata.name }, status },
    contentType: 'application/apply-patch+yaml',
  });
  return [[put, patch, apply][random.int(3)] as Step, step('status get', { method: 'GET', path: `${path}/status` })];
}

function scaleSteps({ path, random, object, validation }: Scene): Step[] {
  const replicas = [0, 3, -1, 'x', 1.5, null][random.int(6)];
  const metadata = { name: object.metadata.name, namespace: 'differential' };
  const body = { apiVersion: 'autoscaling/v1', kind: 'Scale', metadata, spec: { replicas } };
  const put = step('scale update', { method: 'PUT', path: `${path}/scale${query(validation)}`, body });
  const patch = step('scale patch', {
    method: 'PATCH',
    path: `${path}/scale`,
    body: { spec: { replicas } },
    contentType: 'application/merge-patch+json',
  });
  return [step('scale get', { method: 'GET', path: `${path}/scale` }), random.int(2) ? put : patch, step('get', { method: 'GET', path })];
}

function podSteps({ path, random, object, collection }: Scene): Step[] {
  const name = object.metadata.name;
  const binding = {
    apiVersion: 'v1',
    kind: 'Binding',
    metadata: { name },
    target: [{ kind: 'Node', name: 'n2' }, { name: 'n2' }, { kind: 'Pod', name: 'x' }, { kind: 'Node', name: '' }][random.int(4)],
  };
  const eviction = {
    apiVersion: 'policy/v1',
    kind: 'Eviction',
    metadata: { name: random.int(5) ? name : 'other' },
    deleteOptions: [{}, { gracePeriodSeconds: 0 }, { dryRun: ['All'] }, { dryRun: ['x'] }][random.int(4)],
  };
  const ephemeral = {
    spec: {
      ephemeralContainers: [
        {
          name: ['debug', 'web', 'A'][random.int(3)],
          image: random.int(3) ? 'busybox' : '',
          targetContainerName: random.int(2) ? 'web' : 'absent',
          ...(random.int(3) === 0 && { ports: [{ containerPort: 1 }] }),
        },
      ],
    },
  };
  const resize = {
    spec: { containers: [{ name: 'web', resources: { requests: { cpu: ['1', '50m', '-1', 'x'][random.int(4)] }, limits: { cpu: '2' } } }] },
  };
  const strategic = 'application/strategic-merge-patch+json';
  return [
    [
      step('binding', { method: 'POST', path: `${path}/binding`, body: binding }),
      step('eviction', { method: 'POST', path: `${path}/eviction`, body: eviction }),
      step('ephemeral containers', { method: 'PATCH', path: `${path}/ephemeralcontainers`, body: ephemeral, contentType: strategic }),
      step('resize', { method: 'PATCH', path: `${path}/resize`, body: resize, contentType: strategic }),
      step('log', {
        method: 'GET',
        path: `${path}/log${query(['container=absent', 'tailLines=-1', 'sinceSeconds=0', 'limitBytes=x', ''][random.int(5)] ?? '')}`,
      }),
    ][random.int(5)] as Step,
    step('get', { method: 'GET', path: random.int(2) ? path : collection }),
  ];
}

function tokenSteps({ path, random }: Scene): Step[] {
  const spec = [
    {},
    { expirationSeconds: 600 },
    { expirationSeconds: 1 },
    { expirationSeconds: 2 ** 33 },
    { audiences: ['a'], expirationSeconds: 3600 },
    { boundObjectRef: { kind: 'Pod', apiVersion: 'v1', name: 'absent' } },
    { boundObjectRef: { kind: 'Service', apiVersion: 'v1', name: 'a' } },
    { boundObjectRef: { kind: 'Secret', apiVersion: 'v1' } },
  ];
  return [
    step('token', {
      method: 'POST',
      path: `${path}/token`,
      body: { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: spec[random.int(spec.length)] },
    }),
  ];
}

function approvalSteps({ path, random }: Scene): Step[] {
  const conditions = [
    [{ type: 'Approved', status: 'True', reason: 'a', message: 'b' }],
    [{ type: 'Denied', status: 'True' }],
    [{ type: 'Approved', status: 'False' }],
    [
      { type: 'Approved', status: 'True' },
      { type: 'Denied', status: 'True' },
    ],
    [{ type: 'Failed', status: 'True' }],
    [{ type: '' }],
  ][random.int(6)];
  const approve: Step = {
    verb: 'approval',
    request: (previous) => ({ method: 'PUT', path: `${path}/approval`, body: { ...previous, status: { conditions } } }),
  };
  const again: Step = {
    ...approve,
    verb: 'approval again',
    request: (previous) => ({ method: 'PUT', path: `${path}/approval`, body: { ...previous, status: { conditions: [] } } }),
  };
  return [approve, again, step('table', { method: 'GET', path, accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' })];
}

function finalizeSteps({ path, random }: Scene): Step[] {
  // Drawn once, for both servers.
  const finalizers = [[], ['x'], ['example.com/a'], ['kubernetes']][random.int(4)];
  const finalize: Step = {
    verb: 'finalize',
    request: (previous) => ({
      method: 'PUT',
      path: `${path}/finalize`,
      body: { ...previous, spec: { finalizers } },
    }),
  };
  return [finalize, step('get', { method: 'GET', path })];
}
