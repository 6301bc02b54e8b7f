// The audit log of a real API server over HTTPS: who did what, in which stages, and how much of it the policy lets out.
import { readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { KubectlCluster } from './kubectl-cluster.ts';

const policyFile = join(tmpdir(), `berth-audit-policy-${process.pid}.yaml`);
const logFile = join(tmpdir(), `berth-audit-${process.pid}.log`);
const policy = `apiVersion: audit.k8s.io/v1
kind: Policy
omitManagedFields: true
rules:
- {level: Metadata, resources: [{group: "", resources: [secrets]}]}
- {level: RequestResponse, verbs: [create, patch, list], resources: [{group: "", resources: [configmaps]}]}
- {level: Request, verbs: [watch], resources: [{group: "", resources: [configmaps]}]}
- {level: Metadata, resources: [{group: "", resources: [pods, pods/log, pods/exec, nodes/proxy]}], omitStages: [RequestReceived]}
- {level: Metadata, verbs: [create, list], resources: [{group: apps, resources: [deployments]}, {group: "", resources: [services]}], omitStages: [RequestReceived]}
- {level: Metadata, resources: [{group: "", resources: [endpoints, componentstatuses]}], omitStages: [RequestReceived]}
- {level: Metadata, nonResourceURLs: ["/version"]}
- {level: None}
`;

interface AuditEvent {
  auditID: string;
  stage: string;
  verb: string;
  user: { username: string; groups: string[] };
  impersonatedUser?: { username: string };
  annotations?: Record<string, string>;
  objectRef?: Record<string, string>;
  responseStatus?: { code: number; reason?: string };
  requestObject?: { data?: object; metadata: { managedFields?: unknown } };
  responseObject?: { data?: object; metadata: { uid?: string; managedFields?: unknown }; items?: unknown[] };
}

let cluster: KubectlCluster;
let events: AuditEvent[];
const about = (resource: string, verb: string) => events.filter((event) => event.objectRef?.resource === resource && event.verb === verb);

beforeAll(async () => {
  await writeFile(policyFile, policy);
  cluster = await KubectlCluster.start(['api'], { audit: { policyFile, logFile, fileBytesMax: 1e8, backupsMax: 1 } });
  const run = (command: string) => cluster.run(command.split(' '));
  await run('create secret generic hidden --from-literal=password=hunter2');
  await run('create configmap settings --from-literal=colour=blue');
  await run('get configmaps');
  await run('get configmaps --watch --request-timeout=1s');
  await run('get pods --as bob --as-group dev');
  await run('get nodes');
  await annotated(run);
  await cluster.stop();
  const lines = (await readFile(logFile, 'utf8')).trim().split('\n');
  events = lines.map((line) => JSON.parse(line) as AuditEvent);
});

/** What annotations tell of. */
async function annotated(run: (command: string) => Promise<unknown>): Promise<void> {
  await run('create clusterrolebinding readers --clusterrole=view --user=anna');
  await run('create serviceaccount robot');
  await run('create rolebinding robots --clusterrole=view --serviceaccount=default:robot');
  await run('get services --as anna');
  await run('get services --as system:serviceaccount:default:robot');
  await run('get endpoints');
  await run('get endpoints --as carl');
  await run('get componentstatuses');
  await run('get --raw /version');
  await run('get --raw /api/v1/nodes/none/proxy/healthz');
  await run('exec none --as bob -- true');
  await run('label namespace default pod-security.kubernetes.io/enforce=baseline pod-security.kubernetes.io/audit=restricted');
  await run('create deployment web --image=registry.local/web');
  await run('run plain --image=registry.local/web');
  await run('run refused --image=registry.local/web --privileged');
  await run('label namespace default pod-security.kubernetes.io/enforce- pod-security.kubernetes.io/audit-');
  await run('run free --image=registry.local/web');
}

afterAll(async () => {
  for (const file of [policyFile, logFile]) await rm(file, { force: true });
});

test('secrets are told of without what is in them', () => {
  const created = about('secrets', 'create');
  expect(created.map((event) => event.stage)).toEqual(['RequestReceived', 'ResponseComplete']);
  expect(new Set(created.map((event) => event.auditID)).size).toBe(1);
  expect(created[1]).toMatchObject({
    objectRef: { namespace: 'default', name: 'hidden', apiVersion: 'v1' },
    responseStatus: { code: 201 },
  });
  expect(JSON.stringify(created)).not.toContain(Buffer.from('hunter2').toString('base64'));
  expect(created[0]?.user).toMatchObject({ username: 'kubernetes-admin', groups: ['system:masters', 'system:authenticated'] });
});

test('a whole exchange has both objects, without managed fields', () => {
  const [, done] = about('configmaps', 'create');
  expect(done?.requestObject).toMatchObject({ data: { colour: 'blue' } });
  expect(done?.responseObject).toMatchObject({ data: { colour: 'blue' }, metadata: { uid: expect.any(String) } });
  expect(done?.responseObject?.metadata.managedFields).toBeUndefined();
  expect(about('configmaps', 'list').find((event) => event.stage === 'ResponseComplete')?.responseObject?.items).toHaveLength(1);
});

test('a watch is told of when it starts and when it ends', () => {
  const ids = new Map<string, string[]>();
  for (const { auditID, stage } of about('configmaps', 'watch')) ids.set(auditID, [...(ids.get(auditID) ?? []), stage]);
  expect([...ids.values()]).toContainEqual(['RequestReceived', 'ResponseStarted', 'ResponseComplete']);
});

test('a refused request names who asked, for whom, and the refusal', () => {
  const [refused, ...more] = about('pods', 'list');
  expect(more).toEqual([]);
  expect(refused).toMatchObject({
    stage: 'ResponseComplete',
    user: { username: 'kubernetes-admin' },
    impersonatedUser: { username: 'bob' },
    responseStatus: { code: 403, reason: 'Forbidden' },
  });
});

test('what no rule wants is not told', () => {
  expect(about('nodes', 'list')).toEqual([]);
});

/** But where the time went, which a busy machine adds. */
const annotationsOf = (resource: string, verb: string, name?: string, user?: string) => {
  const found = about(resource, verb).find(
    (event) =>
      event.stage === 'ResponseComplete' &&
      (name === undefined || event.objectRef?.name === name) &&
      (user === undefined || event.impersonatedUser?.username === user),
  )?.annotations;
  return found && Object.fromEntries(Object.entries(found).filter(([key]) => !key.startsWith('apiserver.latency.k8s.io/')));
};

test('what was decided, and by which binding', () => {
  const decided = (decision: string, reason: string) => ({
    'authorization.k8s.io/decision': decision,
    'authorization.k8s.io/reason': reason,
  });
  const by = (binding: string, subject: string) => `RBAC: allowed by ${binding} of ClusterRole "view" to ${subject}`;
  expect(annotationsOf('services', 'list', undefined, 'anna')).toEqual(decided('allow', by('ClusterRoleBinding "readers"', 'User "anna"')));
  expect(annotationsOf('services', 'list', undefined, 'system:serviceaccount:default:robot')).toEqual(
    decided('allow', by('RoleBinding "robots/default"', 'ServiceAccount "robot/default"')),
  );
  expect(annotationsOf('pods', 'list', undefined, 'bob')).toEqual(decided('forbid', ''));
  expect(annotationsOf('secrets', 'create')).toEqual(decided('allow', ''));
  expect(annotationsOf('nodes', 'get', 'none')).toEqual(decided('allow', ''));
  expect(annotationsOf('pods', 'create', 'none', 'bob') ?? annotationsOf('pods', 'get', 'none', 'bob')).toEqual(decided('forbid', ''));
  expect(events.find(({ verb, objectRef }) => verb === 'get' && !objectRef)?.annotations).toBeUndefined();
  expect(events.filter(({ objectRef }) => !objectRef).at(-1)?.annotations).toEqual(decided('allow', ''));
});

test('deprecated versions are named, for those who may use them', () => {
  const used = (resource: string, user?: string) => annotationsOf(resource, 'list', undefined, user)?.['k8s.io/deprecated'];
  expect([used('endpoints'), used('endpoints', 'carl'), used('componentstatuses'), used('services', 'anna')]).toEqual([
    'true',
    undefined,
    'true',
    undefined,
  ]);
});

test('what took longer than half a second says how long, and where', () => {
  const watch = about('configmaps', 'watch').filter(({ stage }) => stage === 'ResponseComplete');
  expect(watch).not.toEqual([]);
  for (const { annotations } of watch) {
    expect(annotations).toMatchObject({
      'apiserver.latency.k8s.io/total': expect.stringMatching(/^(\d+m)?[0-9.]+m?s$/),
      'apiserver.latency.k8s.io/authentication': expect.stringMatching(/^[0-9.]+(µs|ms|s)$/),
      'apiserver.latency.k8s.io/authorization': expect.stringMatching(/^[0-9.]+(ns|µs|ms|s)$/),
    });
  }
});

test('what Pod Security enforced, and what violates the level that is audited', () => {
  const [enforced, violations] = ['enforce-policy', 'audit-violations'].map((name) => `pod-security.kubernetes.io/${name}`) as [
    string,
    string,
  ];
  const told = (name: string) => annotationsOf('pods', 'create', name);
  const wouldViolate =
    /^would violate PodSecurity "restricted:latest": .*allowPrivilegeEscalation != false \(container "(web|plain|refused)" must set/;
  expect(told('plain')).toMatchObject({ [enforced]: 'baseline:latest', [violations]: expect.stringMatching(wouldViolate) });
  expect(told('refused')).toMatchObject({ [enforced]: 'baseline:latest', [violations]: expect.stringMatching(/privileged/) });
  expect(told('free')).toMatchObject({ [enforced]: 'privileged:latest' });
  expect(told('free')?.[violations]).toBeUndefined();
  const deployment = annotationsOf('deployments', 'create', 'web');
  expect(deployment?.[violations]).toMatch(wouldViolate);
  expect(deployment?.[enforced]).toBeUndefined();
});
