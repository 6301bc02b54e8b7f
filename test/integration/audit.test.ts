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
- {level: Metadata, resources: [{group: "", resources: [pods]}], omitStages: [RequestReceived]}
- {level: None}
`;

interface AuditEvent {
  auditID: string;
  stage: string;
  verb: string;
  user: { username: string; groups: string[] };
  impersonatedUser?: { username: string };
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
  await cluster.stop();
  const lines = (await readFile(logFile, 'utf8')).trim().split('\n');
  events = lines.map((line) => JSON.parse(line) as AuditEvent);
});

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
  expect(events.filter((event) => event.objectRef?.resource === 'nodes')).toEqual([]);
});
