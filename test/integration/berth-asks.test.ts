// `berth why`, `plan`, `top`, `events`, `history` and `at` against a cluster of hollow nodes, as they are typed: what they say of each trouble, and of what is not there.
import { Readable } from 'node:stream';
import type { Change } from '@berth/api';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runAt } from '../../apps/cli/src/ask/at.ts';
import { runEvents } from '../../apps/cli/src/ask/events.ts';
import { runHistory } from '../../apps/cli/src/ask/history.ts';
import { runPlan } from '../../apps/cli/src/ask/plan.ts';
import { runTop } from '../../apps/cli/src/ask/top.ts';
import { runWhy } from '../../apps/cli/src/ask/why.ts';
import { plain } from '../../apps/cli/src/terminal.ts';
import { type HollowCluster, startHollowCluster } from './hollow-cluster.ts';

let cluster: HollowCluster;

beforeAll(async () => {
  cluster = await startHollowCluster(['n1', 'n2']);
  await kubectl('wait', '--for=condition=Ready', 'node/n1', 'node/n2', '--timeout=15s');
}, 40_000);

afterAll(() => cluster?.stop());

async function kubectl(...args: string[]): Promise<string> {
  const { stdout, stderr, code } = await cluster.kubectl.run(args);
  expect({ args, code, stderr }).toEqual({ args, code: 0, stderr: expect.any(String) });
  return stdout;
}

async function apply(object: object): Promise<string> {
  return kubectl('apply', '-f', await cluster.kubectl.file('object.json', JSON.stringify(object)));
}

const connection = () => ['--kubeconfig', cluster.kubectl.controlPlane.kubeconfigPath];

async function why(...argv: string[]): Promise<{ text: string; code: number }> {
  let text = '';
  const code = await runWhy([...argv, ...connection()], (line) => {
    text += `${line}\n`;
  });
  return { text, code };
}

/** Until it says so. */
const untilWhy = (argv: string[], expected: RegExp) =>
  expect.poll(async () => (await why(...argv)).text, { timeout: 20_000 }).toMatch(expected);

const pod = (name: string, spec: object) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name },
  spec: { ...spec, containers: [{ name: 'main', image: 'hollow/run:1', ...(spec as { main?: object }).main }], main: undefined },
});

test('a pod that fits nowhere: its decision as kubectl shows it, and the least change', { timeout: 60_000 }, async () => {
  await apply(pod('big', { main: { resources: { requests: { cpu: '1k' } } }, nodeSelector: { disk: 'ssd' } }));
  await expect
    .poll(() => kubectl('get', 'decisions'), { timeout: 20_000 })
    .toMatch(/NAME +NODE +REASON +FEASIBLE +AGE\nbig +Pending +Unschedulable +0\/2/);
  const { text, code } = await why('big');
  expect(code).toBe(1);
  expect(text).toContain("0/2 nodes are available: 2 node(s) didn't match Pod's node affinity/selector.");
  expect(text).toMatch(/take disk=ssd from spec.nodeSelector.*; and node n\d lacks .* cpu/);
  const decision = JSON.parse(await kubectl('get', 'decision', 'big', '-o', 'json'));
  expect(decision.leastChanges[0].changes.map(({ type }: { type: string }) => type)).toEqual(['NodeSelector', 'Resource']);
  expect(JSON.parse((await why('pod/big', '-o', 'json')).text)).toMatchObject({ namespace: 'default', object: 'pod/big', isWell: false });
  await kubectl('delete', 'pod', 'big', '--timeout=15s');
  const { code: gone, stderr } = await cluster.kubectl.run(['get', 'decision', 'big']);
  expect({ gone, stderr }).toMatchObject({ gone: 1, stderr: expect.stringContaining('there is no such pod') });
});

test('a Deployment whose pods a quota refuses, and one whose image cannot be had', { timeout: 60_000 }, async () => {
  await kubectl('create', 'namespace', 'shop');
  await kubectl('-n', 'shop', 'create', 'quota', 'few', '--hard=pods=1');
  await kubectl('-n', 'shop', 'create', 'deployment', 'web', '--image=hollow/run:1', '--replicas=3');
  await untilWhy(['deployment/web', '-n', 'shop'], /because\n {2}replicaset\/web-\w+: Quota: .*exceeded quota: few/);
  await kubectl('create', 'deployment', 'lost', '--image=hollow/missing:1');
  await untilWhy(
    ['deploy/lost'],
    /because\n {2}pod\/lost-.*(ErrImagePull|ImagePullBackOff).*\n.*\n.*\nnext\n {2}check name and tag of the image hollow\/missing:1/,
  );
  await kubectl('-n', 'shop', 'expose', 'deployment', 'web', '--port=80', '--selector=app=wep');
  await untilWhy(['service/web', '-n', 'shop'], /its selector app=wep finds no pod; the nearest, pod web-.*, has app=web/);
});

test('a node that is well, a claim without a class, and names that are not there', { timeout: 60_000 }, async () => {
  expect(await why('node/n1')).toMatchObject({ code: 0, text: 'node/n1: nothing is wrong: it is ready and takes pods\n' });
  await kubectl('cordon', 'n2');
  expect((await why('node', 'n2')).text).toContain('kubectl uncordon n2');
  await kubectl('uncordon', 'n2');
  const spec = { storageClassName: 'fast', accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } };
  await apply({ apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name: 'data' }, spec });
  expect((await why('pvc/data')).text).toContain('ClassMissing: its storage class fast is not there');
  await expect(why('pvc/dta')).rejects.toThrow('there is no pvc dta in namespace default: did you mean data?');
  await expect(why('node/nowhere-at-all')).rejects.toThrow('there is no node nowhere-at-all: there are n1, n2');
  await expect(why('deployment/other', '-n', 'nowhere')).rejects.toThrow('nor is there a namespace nowhere');
  await expect(why('service/kubernetes', '-n', 'kube-system')).rejects.toThrow('there is one in namespace default: add -n default');
  const closed = await cluster.kubectl.file(
    'closed.kubeconfig',
    (await kubectl('config', 'view', '--raw', '--flatten')).replace(/:\d+\n/, ':1\n'),
  );
  await expect(runWhy(['x', '--kubeconfig', closed], () => undefined)).rejects.toThrow(/does not answer \(ECONNREFUSED\): start it/);
});

async function plan(content: string, ...argv: string[]): Promise<{ text: string; code: number }> {
  let text = '';
  const print = (line: string) => {
    text += `${line}\n`;
  };
  const code = await runPlan(['-f', '-', ...argv, ...connection()], print, Readable.from([content]));
  return { text, code };
}

const workload = (replicas: number, image: string) => `
apiVersion: apps/v1
kind: Deployment
metadata: { name: planned }
spec:
  replicas: ${replicas}
  selector: { matchLabels: { app: planned } }
  template:
    metadata: { labels: { app: planned } }
    spec: { containers: [{ name: main, image: '${image}' }] }
`;

test('a plan: what is made, changed with its diff, left alone and refused, where pods land, and nothing of it is done', {
  timeout: 60_000,
}, async () => {
  await kubectl('create', 'namespace', 'tight');
  await kubectl('-n', 'tight', 'create', 'quota', 'few', '--hard=pods=2');
  await expect
    .poll(() => kubectl('-n', 'tight', 'get', 'quota', 'few', '-o', 'jsonpath={.status.hard.pods}'), { timeout: 15_000 })
    .toBe('2');
  const made = await plan(
    `${workload(3, 'hollow/run:1')}---\n{apiVersion: v1, kind: ConfigMap, metadata: {name: planned}, data: {a: b}}\n`,
  );
  expect(made.code).toBe(0);
  expect(made.text).toMatch(
    /^Deployment default\/planned: created\nConfigMap default\/planned: created\npods of Deployment default\/planned: 3 new\n/,
  );
  expect(made.text).toMatch(/ {2}\d on n\d/);
  expect((await cluster.kubectl.run(['get', 'deployment,configmap', 'planned'])).code).toBe(1);
  const tight = await plan(workload(3, 'hollow/run:1'), '-n', 'tight', '-o', 'json');
  expect(tight.code).toBe(1);
  const message = 'exceeded quota: few, requested: pods=1, used: pods=2, limited: pods=2';
  expect(JSON.parse(tight.text).pods).toMatchObject([{ node: expect.stringMatching(/^n\d$/) }, {}, { isRefused: true, message }]);
  await kubectl('apply', '-f', await cluster.kubectl.file('planned.yaml', workload(2, 'hollow/run:1')));
  expect((await plan(workload(2, 'hollow/run:1'))).text).toBe('Deployment default/planned: unchanged\n1 unchanged\n');
  const changed = await plan(workload(2, 'hollow/run:2'));
  expect(changed.text).toMatch(
    /Deployment default\/planned: changed\n {4}@@ .*\n(.*\n)* {4}- +- image: hollow\/run:1\n {4}\+ +- image: hollow\/run:2\n/,
  );
  expect(changed.text).toContain('pods of Deployment default/planned: 2 new');
});

test('a plan of what the server does not take, or cannot be read', { timeout: 60_000 }, async () => {
  const selector = workload(1, 'x').replace('matchLabels: { app: planned }', 'matchLabels: { app: other }');
  const refused = await plan(selector.replace('name: planned', 'name: odd'));
  expect(refused).toMatchObject({ code: 1, text: expect.stringContaining('`selector` does not match template `labels`') });
  const unknown = await plan('{apiVersion: example.com/v1, kind: Widget, metadata: {name: w}}');
  expect(unknown.text).toContain('Widget w: refused: no matches for kind "Widget" in version "example.com/v1"');
  const fresh = await plan(
    `{apiVersion: v1, kind: Namespace, metadata: {name: fresh}}\n---${workload(1, 'x').replace('{ name: planned }', '{ name: planned, namespace: fresh }')}`,
  );
  expect(fresh.text).toMatch(
    /Namespace fresh: created\nDeployment fresh\/planned: unchecked\n {2}note: .*namespace.*\npods of Deployment fresh\/planned: 1 new/,
  );
  await expect(plan('a: [')).rejects.toThrow(/standard input, line \d/);
  const big = workload(1, 'x').replace("image: 'x'", "image: 'x', resources: { requests: { cpu: 1k } }");
  expect(await plan(big.replace('name: planned', 'name: huge'))).toMatchObject({
    code: 1,
    text: expect.stringMatching(/1 would wait: 0\/2 nodes are available: 2 Insufficient cpu/),
  });
});

type Command = (argv: string[], print: (text: string) => void) => Promise<number>;

async function said(command: Command, ...argv: string[]): Promise<string> {
  const lines: string[] = [];
  await command([...argv, ...connection()], (line) => void lines.push(line));
  return lines.join('\n');
}

test('events of a Deployment with those of what it has made, and usage that nobody measures', {
  timeout: 60_000,
}, async () => {
  await kubectl('create', 'namespace', 'seen');
  await kubectl('-n', 'seen', 'create', 'deployment', 'web', '--image=hollow/run:1', '--replicas=2');
  await kubectl('-n', 'seen', 'rollout', 'status', 'deployment', 'web', '--timeout=20s');
  const events = () => said(runEvents, '-n', 'seen', '--for', 'deployment/web');
  await expect
    .poll(events, { timeout: 20_000 })
    // In whichever order: within a second they are sorted by name.
    .toMatch(/^(?=[\s\S]*ScalingReplicaSet +deployment\/web )(?=[\s\S]*SuccessfulCreate +replicaset\/web-\w+ )(?=[\s\S]*pod\/web-)/);
  expect(await said(runEvents, '-n', 'seen', '--for', 'deploy/other')).toMatch(
    /there are no such events of deployment\/other in namespace seen/,
  );
  const [watching, seen] = [new AbortController(), [] as string[]];
  const watch = runEvents(
    ['-n', 'seen', '--for', 'deploy/web', '-w', '-o', 'json', ...connection()],
    (line) => void seen.push(line),
    plain,
    watching.signal,
  );
  await kubectl('-n', 'seen', 'scale', 'deployment', 'web', '--replicas=3');
  await expect.poll(() => seen.filter((line) => JSON.parse(line).message.includes('from 2 to 3')).length, { timeout: 20_000 }).toBe(1);
  watching.abort();
  expect(await watch).toBe(0);
  // No agents report to this process over the network, so that nobody has measured anything.
  await expect(said(runTop, '-n', 'seen')).rejects.toThrow('the cluster measures nothing');
});

test('what changed, what there was before, and a deletion that is undone with kubectl', { timeout: 60_000 }, async () => {
  const asked = async (run: typeof runHistory, ...argv: string[]) => {
    const [lines, notes]: [string[], string[]] = [[], []];
    const ports = { print: (text: string) => void lines.push(text), note: (text: string) => void notes.push(text), paint: plain };
    const code = await run([...argv, ...connection()], ports);
    return { text: lines.join('\n'), notes: notes.join('\n'), code };
  };
  await kubectl('create', 'deployment', 'past', '--image=hollow/run:1', '--replicas=2');
  await kubectl('expose', 'deployment/past', '--port=80', '--type=NodePort');
  await kubectl('rollout', 'status', 'deployment/past', '--timeout=30s');
  await kubectl('scale', 'deployment/past', '--replicas=3');
  await kubectl('delete', 'deployment/past', 'service/past', '--cascade=foreground');
  const { text } = await asked(runHistory, 'deployment', 'past');
  expect(text).toMatch(/deployment\/past +created: 2 replicas of hollow\/run:1 +by .*kubectl/);
  expect(text).toMatch(/rollout complete +by kube-controller-manager\n/);
  expect(text).toMatch(/scaled 2 → 3 +by .*\n +- spec.replicas: 2\n +\+ spec.replicas: 3/);
  expect(text).toMatch(/deleted +by [^\n]*$/);
  expect((await asked(runHistory, '--since', '5m')).text).toMatch(/pod\/past-.* given the node n\d/);
  expect(await kubectl('get', 'changes', '--field-selector', 'object.name=past,action=Scaled')).toMatch(/deployment\/past .* scaled 2 → 3/);
  const changes: Change[] = JSON.parse((await asked(runHistory, 'deploy/past', '-o', 'json')).text);
  const before = new Date(Date.parse(changes.find(({ action }) => action === 'Deleting')?.time ?? '') - 1).toISOString();
  const table = await asked(runAt, before, 'get', 'deploy,svc');
  expect(table.text).toMatch(/NAME +READY +UP-TO-DATE +AVAILABLE +AGE\n(deployment.apps\/.*\n)*deployment.apps\/past +\d\/3 /);
  expect(table.text).toMatch(/service\/past +NodePort/);
  await expect(kubectl('get', 'deployment/past')).rejects.toThrow();
  const { text: yaml } = await asked(runAt, before, 'get', 'deploy,svc', '-l', 'app=past', '-o', 'yaml');
  const file = await cluster.kubectl.file('undo.yaml', yaml);
  expect(await kubectl('apply', '-f', file)).toMatch(/deployment.apps\/past created\nservice\/past created/);
  await kubectl('rollout', 'status', 'deployment/past', '--timeout=30s');
  const gone = await asked(runAt, '30m', 'get', 'deploy', 'past').catch((error: Error) => error.message);
  expect(JSON.stringify(gone)).toMatch(/is before what is kept: the past can be seen from/);
  const missing = await asked(runAt, before, 'get', 'deploy', 'never');
  expect(missing).toMatchObject({
    code: 1,
    notes: expect.stringMatching(/deployments "never" was not there at .*: berth history deployment\/never/),
  });
  await expect(asked(runAt, before, 'get', 'deploymens')).rejects.toThrow('did you mean deployments?');
  expect((await asked(runHistory, 'configmap/never')).notes).toMatch(/configmap\/never was not changed in namespace default since/);
});
