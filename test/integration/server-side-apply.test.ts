// The real kubectl applying on the server's side: ownership, conflicts, force, and the change over from client-side apply.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { KubectlCluster, type Ran } from './kubectl-cluster.ts';

let cluster: KubectlCluster;

beforeAll(async () => {
  cluster = await KubectlCluster.start();
}, 60_000);
afterAll(() => cluster?.stop());

function kubectl(command: string, input?: string): Promise<Ran> {
  return cluster.run(command.split(' '), input === undefined ? {} : { input });
}

async function succeeds(command: string, input?: string): Promise<string> {
  const { stdout, stderr, code } = await kubectl(command, input);
  expect({ stderr, code }).toEqual({ stderr, code: 0 });
  return stdout;
}

function deployment(name: string, parts: { replicas?: number; image?: string; labels?: string } = {}): string {
  const { replicas, image = 'reg/web:1', labels = '' } = parts;
  return `apiVersion: apps/v1
kind: Deployment
metadata:
  name: ${name}
  labels: {app: ${name}${labels}}
spec:
${replicas === undefined ? '' : `  replicas: ${replicas}\n`}  selector: {matchLabels: {app: ${name}}}
  template:
    metadata: {labels: {app: ${name}}}
    spec:
      containers:
      - name: main
        image: ${image}
        ports:
        - containerPort: 80
`;
}

interface Entry {
  manager: string;
  operation: string;
  apiVersion: string;
  subresource?: string;
  fieldsV1: Record<string, unknown>;
}

async function shown(name: string): Promise<{ spec: { replicas: number }; metadata: { managedFields: Entry[]; labels: object } }> {
  return JSON.parse(await succeeds(`get deployment ${name} -o json --show-managed-fields`));
}

async function managers(name: string): Promise<string[]> {
  const { metadata } = await shown(name);
  return metadata.managedFields.map(({ manager, operation, subresource }) => [manager, operation, subresource].filter(Boolean).join(' '));
}

const apply = 'apply --server-side -f -';

describe('kubectl apply --server-side', () => {
  it('creates, leaves alone and configures', async () => {
    expect(await succeeds(apply, deployment('one'))).toBe('deployment.apps/one serverside-applied\n');
    const version = await succeeds('get deployment one -o jsonpath={.metadata.resourceVersion}');
    await succeeds(apply, deployment('one'));
    expect(await succeeds('get deployment one -o jsonpath={.metadata.resourceVersion}')).toBe(version);
    await succeeds(apply, deployment('one', { labels: ', tier: front' }));
    expect((await shown('one')).metadata.labels).toEqual({ app: 'one', tier: 'front' });
    await succeeds(apply, deployment('one'));
    expect((await shown('one')).metadata.labels).toEqual({ app: 'one' });
    expect(await managers('one')).toEqual(['kubectl Apply']);
  });

  it('records ports by all their keys and nothing that was only a default', async () => {
    await succeeds(apply, deployment('keys'));
    const [entry] = (await shown('keys')).metadata.managedFields;
    expect(entry?.fieldsV1).toEqual({
      'f:metadata': { 'f:labels': { 'f:app': {} } },
      'f:spec': {
        'f:selector': {},
        'f:template': {
          'f:metadata': { 'f:labels': { 'f:app': {} } },
          'f:spec': {
            'f:containers': {
              'k:{"name":"main"}': {
                '.': {},
                'f:name': {},
                'f:image': {},
                'f:ports': { 'k:{"containerPort":80,"protocol":"TCP"}': { '.': {}, 'f:containerPort': {} } },
              },
            },
          },
        },
      },
    });
  });

  it('explains a conflict, and takes over when forced', async () => {
    await succeeds(apply, deployment('two', { replicas: 2 }));
    await succeeds('scale deployment two --replicas 5');
    // Without --field-manager kubectl is known by its file's name, which has a version here.
    expect(await managers('two')).toEqual(['kubectl Apply', 'kubectl-1.35 Update scale']);
    const { stderr, code } = await kubectl(apply, deployment('two', { replicas: 3 }));
    expect(code).toBe(1);
    expect(stderr).toContain(
      'error: Apply failed with 1 conflict: conflict with "kubectl-1.35" with subresource "scale" using apps/v1: .spec.replicas\nPlease review the fields above--they currently have other managers.',
    );
    await succeeds(`${apply} --force-conflicts`, deployment('two', { replicas: 3 }));
    expect((await shown('two')).spec.replicas).toBe(3);
    expect(await managers('two')).toEqual(['kubectl Apply']);
  });

  it('shares what two managers agree on, and keeps it until both let go', async () => {
    await succeeds(apply, deployment('three', { replicas: 4 }));
    await succeeds(`${apply} --field-manager autoscaler`, deployment('three', { replicas: 4 }));
    await succeeds(apply, deployment('three'));
    expect((await shown('three')).spec.replicas).toBe(4);
    await succeeds(`${apply} --field-manager autoscaler`, deployment('three'));
    expect((await shown('three')).spec.replicas).toBe(1);
  });

  it('takes over from client-side apply', async () => {
    await succeeds('apply -f -', deployment('four', { replicas: 2, labels: ', old: x' }));
    expect(await managers('four')).toEqual(['kubectl-client-side-apply Update']);
    await succeeds(apply, deployment('four', { replicas: 3, image: 'reg/web:2' }));
    // kubectl hands the annotation to a manager of its own.
    expect((await managers('four')).sort()).toEqual(['kubectl Apply', 'kubectl-last-applied Apply']);
    const { metadata, spec } = await shown('four');
    expect(spec.replicas).toBe(3);
    expect(metadata.labels).toEqual({ app: 'four' });
    const annotation = await succeeds('apply view-last-applied deployment/four -o json');
    expect(JSON.parse(annotation).spec.replicas).toBe(3);
  });

  it('conflicts with client-side apply of another manager', async () => {
    await succeeds('apply -f -', deployment('five', { replicas: 2 }));
    const { stderr } = await kubectl(`${apply} --field-manager other`, deployment('five', { replicas: 3, image: 'reg/web:2' }));
    expect(stderr).toContain(
      'Apply failed with 2 conflicts: conflicts with "kubectl-client-side-apply" using apps/v1:\n- .spec.replicas\n- .spec.template.spec.containers[name="main"].image',
    );
  });

  it('shows what would change, and changes nothing', async () => {
    await succeeds(apply, deployment('six', { replicas: 2 }));
    const { stdout, code } = await kubectl('diff --server-side -f -', deployment('six', { replicas: 3 }));
    expect(code).toBe(1);
    expect(stdout).toMatch(/-\s+replicas: 2\n\+\s+replicas: 3/);
    expect(await succeeds(`${apply} --dry-run=server`, deployment('seven'))).toBe(
      'deployment.apps/seven serverside-applied (server dry run)\n',
    );
    expect((await kubectl('get deployment seven')).stderr).toContain('NotFound');
  });

  it('refuses unknown fields, and hides managedFields unless asked', async () => {
    const { stderr, code } = await kubectl(apply, deployment('eight').replace('spec:', 'spec:\n  nope: 1'));
    expect(code).toBe(1);
    expect(stderr).toContain('nope');
    await succeeds(apply, deployment('eight'));
    expect(await succeeds('get deployment eight -o yaml')).not.toContain('managedFields');
  });

  it('applies a status through its subresource', async () => {
    await succeeds(apply, deployment('nine'));
    const status = 'apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: nine}\nstatus: {observedGeneration: 7}\n';
    await succeeds('apply --server-side --subresource status --field-manager robot -f -', status);
    expect(await succeeds('get deployment nine -o jsonpath={.status.observedGeneration}')).toBe('7');
    expect(await managers('nine')).toEqual(['kubectl Apply', 'robot Apply status']);
  });

  it('keeps a resourceVersion that is given as a precondition', async () => {
    await succeeds(apply, deployment('ten'));
    const stale = deployment('ten', { replicas: 2 }).replace('name: ten', 'name: ten\n  resourceVersion: "1"');
    const { stderr, code } = await kubectl(apply, stale);
    expect(code).toBe(1);
    expect(stderr).toContain('the object has been modified');
  });
});
