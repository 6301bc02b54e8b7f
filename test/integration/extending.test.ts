// What docs/extending.md shows works: each of its examples is applied as it stands there, in its order, and does what is said of it.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { KubectlCluster } from './kubectl-cluster.ts';

const document = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'extending.md'), 'utf8');
const examples = [...document.matchAll(/```yaml\n([\s\S]*?)```/g)].map(([, text = '']) => text);
let cluster: KubectlCluster;
beforeAll(async () => {
  cluster = await KubectlCluster.start(['api', 'controllers', 'scheduler'], {
    apiVersions: ['admissionregistration.k8s.io/v1beta1'],
    featureGates: ['MutatingAdmissionPolicy'],
  });
  await kubectl('wait --for=create serviceaccount/default --timeout=20s');
});
afterAll(() => cluster.stop());

async function kubectl(line: string, input = ''): Promise<string> {
  const { stdout, stderr } = await cluster.run(line.split(' '), { input });
  return (stderr + stdout).trimEnd();
}

const apply = (text: string) => kubectl('apply -f -', text);
const backup = (name: string, spec: object) =>
  JSON.stringify({ apiVersion: 'example.com/v1', kind: 'Backup', metadata: { name, namespace: 'default' }, spec });

test('custom resources, policies, webhooks, aggregated servers and schedulers', async () => {
  const [definition = '', object = '', policy = '', changing = '', webhook = '', service = '', pod = '', ...more] = examples;
  expect(more).toEqual([]);
  expect(await apply(definition)).toBe('customresourcedefinition.apiextensions.k8s.io/backups.example.com created');
  await kubectl('wait --for=condition=Established crd/backups.example.com --timeout=20s');
  expect(await apply(object)).toBe('backup.example.com/nightly created');
  expect(await kubectl('get bk --no-headers')).toMatch(/^nightly +7$/);
  expect(await apply(backup('nightly', { volume: 'other' }))).toContain('a backup stays with its volume');

  expect(await apply(policy)).toMatch(/backups-are-few created\n.*backups-are-few created$/);
  expect(await apply(backup('many', { volume: 'data', keep: 31 }))).toContain('at most 30 are kept, not 31');

  expect(await apply(changing)).toMatch(/backups-have-teams created\n.*backups-have-teams created$/);
  // A warning comes first: the version is there for a while only.
  expect(await kubectl('get mutatingadmissionpolicies --no-headers')).toMatch(/^backups-have-teams +2 +<unset> /m);
  expect(await apply(backup('too-many', { volume: 'data', keep: 31 }))).toContain('backup.example.com/too-many created');
  expect(await kubectl('get bk too-many -o jsonpath={.spec.keep}{.metadata.labels.team}')).toBe('30default');
  await kubectl('delete bk too-many');

  expect(await apply(webhook)).toBe('validatingwebhookconfiguration.admissionregistration.k8s.io/backups created');
  // Its server is not there, which keeps nobody.
  expect(await apply(backup('few', { volume: 'data', keep: 3 }))).toContain('backup.example.com/few created');

  expect(await apply(service)).toBe('apiservice.apiregistration.k8s.io/v1.archive.example.com created');
  await kubectl('wait --for=condition=Available=False apiservice/v1.archive.example.com --timeout=20s');
  expect(await kubectl('get --raw /apis/archive.example.com/v1')).toContain('ServiceUnavailable');
  expect(await kubectl('get bk few -o name')).toBe('backup.example.com/few');

  expect(await apply(pod)).toBe('pod/left-alone created');
  expect(await kubectl('get pod left-alone -o jsonpath={.status.phase}{.status.conditions}')).toBe('Pending');
});
