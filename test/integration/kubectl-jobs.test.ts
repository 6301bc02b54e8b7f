// What the real kubectl shows of jobs, cron jobs, disruption budgets and autoscalers, over hollow nodes whose containers end as their images'
// names say.
import { afterAll, beforeAll, expect, test } from 'vitest';
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

async function apply(name: string, object: object): Promise<string> {
  return kubectl('apply', '-f', await cluster.kubectl.file(`${name}.json`, JSON.stringify(object)));
}

test('a job runs to its end, and kubectl waits for it', { timeout: 60_000 }, async () => {
  await kubectl('create', 'job', 'sum', '--image=hollow/exit:0');
  expect(await kubectl('wait', '--for=condition=complete', 'job/sum', '--timeout=15s')).toBe('job.batch/sum condition met\n');
  expect(await kubectl('get', 'job', 'sum')).toMatch(/^NAME +STATUS +COMPLETIONS +DURATION +AGE\nsum +Complete +1\/1 +\d+s +\d+s\n$/);
  const described = await kubectl('describe', 'job', 'sum');
  expect(described).toMatch(/Pods Statuses: +0 Active \(0 Ready\) \/ 1 Succeeded \/ 0 Failed/);
  expect(described).toMatch(/Normal +SuccessfulCreate +\S+ +job-controller +Created pod: sum-\w{5}/);
  expect(await kubectl('get', 'pods', '-l', 'job-name=sum')).toMatch(/sum-\w{5} +0\/1 +Completed/);
  await kubectl('delete', 'job', 'sum', '--timeout=15s');
  expect(await kubectl('get', 'pods', '-l', 'job-name=sum', '-o', 'name')).toBe('');
});

test('a job that is deleted without a word leaves its pods, and says so', { timeout: 60_000 }, async () => {
  await kubectl('create', 'job', 'left', '--image=hollow/exit:0');
  await kubectl('wait', '--for=condition=complete', 'job/left', '--timeout=15s');
  const { stderr, code } = await cluster.kubectl.run(['delete', '--raw', '/apis/batch/v1/namespaces/default/jobs/left']);
  expect({ stderr, code }).toMatchObject({
    code: 0,
    stderr: expect.stringContaining('child pods are preserved by default when jobs are deleted'),
  });
  await kubectl('wait', '--for=delete', 'job/left', '--timeout=30s');
  const owners = ['get', 'pods', '-l', 'job-name=left', '-o', 'jsonpath={.items[*].metadata.name}: {.items[*].metadata.ownerReferences}'];
  expect(await kubectl(...owners)).toMatch(/^left-\w{5}: $/);
  await kubectl('delete', 'pods', '-l', 'job-name=left', '--timeout=15s');
});

test('a job that fails says why, and an indexed one which parts are done', { timeout: 60_000 }, async () => {
  const template = (image: string) => ({ spec: { restartPolicy: 'Never', containers: [{ name: 'main', image }] } });
  const job = (name: string, spec: object) => ({ apiVersion: 'batch/v1', kind: 'Job', metadata: { name }, spec });
  await apply('bad', job('bad', { backoffLimit: 0, template: template('hollow/exit:3') }));
  await apply('parts', job('parts', { completions: 3, parallelism: 2, completionMode: 'Indexed', template: template('hollow/exit:0') }));
  await kubectl('wait', '--for=condition=failed', 'job/bad', '--timeout=15s');
  const reason = '-o=jsonpath={.status.conditions[?(@.type=="Failed")].reason} {.status.failed}';
  expect(await kubectl('get', 'job', 'bad', reason)).toBe('BackoffLimitExceeded 1');
  await kubectl('wait', '--for=condition=complete', 'job/parts', '--timeout=15s');
  expect(await kubectl('get', 'job', 'parts', '-o=jsonpath={.status.completedIndexes}')).toBe('0-2');
});

test('a running job is suspended, resumed and deleted, and a pod deleted by hand is a failure once it has stopped', {
  timeout: 60_000,
}, async () => {
  const template = { spec: { restartPolicy: 'Never', terminationGracePeriodSeconds: 1, containers: [{ name: 'main', image: 'work:1' }] } };
  const spec = { podReplacementPolicy: 'Failed', template };
  await apply('long', { apiVersion: 'batch/v1', kind: 'Job', metadata: { name: 'long' }, spec });
  await kubectl('wait', '--for=jsonpath={.status.ready}=1', 'job/long', '--timeout=15s');
  await kubectl('patch', 'job', 'long', '-p', '{"spec":{"suspend":true}}');
  await kubectl('wait', '--for=condition=Suspended', 'job/long', '--timeout=15s');
  await kubectl('wait', '--for=delete', 'pod', '-l', 'job-name=long', '--timeout=15s');
  expect(await kubectl('get', 'job', 'long')).toMatch(/long +Suspended +0\/1/);
  await kubectl('patch', 'job', 'long', '-p', '{"spec":{"suspend":false}}');
  await kubectl('wait', '--for=jsonpath={.status.ready}=1', 'job/long', '--timeout=15s');
  await kubectl('delete', 'pod', '-l', 'job-name=long', '--timeout=15s');
  await kubectl('wait', '--for=jsonpath={.status.failed}=1', 'job/long', '--timeout=15s');
  await kubectl('delete', 'job', 'long', '--cascade=foreground', '--timeout=15s');
});

test('a cron job is shown, and a job made from it by hand runs', { timeout: 60_000 }, async () => {
  await kubectl('create', 'cronjob', 'nightly', '--image=hollow/exit:0', '--schedule=0 3 * * *');
  expect(await kubectl('get', 'cronjob', 'nightly')).toMatch(
    /^NAME +SCHEDULE +TIMEZONE +SUSPEND +ACTIVE +LAST SCHEDULE +AGE\nnightly +0 3 \* \* \* +<none> +False +0 +<none> +\d+s\n$/,
  );
  await kubectl('create', 'job', 'now', '--from=cronjob/nightly');
  await kubectl('wait', '--for=condition=complete', 'job/now', '--timeout=15s');
  expect(await kubectl('get', 'job', 'now', '-o=jsonpath={.metadata.ownerReferences[0].kind}')).toBe('CronJob');
  const wrong = await cluster.kubectl.run(['create', 'cronjob', 'wrong', '--image=a', '--schedule=61 * * * *']);
  expect(wrong.stderr).toContain('spec.schedule: Invalid value: "61 * * * *": end of range (61) above maximum (59): 61');
  await kubectl('delete', 'cronjob', 'nightly');
});

test('a budget keeps drain waiting until enough pods are elsewhere', { timeout: 90_000 }, async () => {
  await kubectl('create', 'deployment', 'web', '--image=web:1', '--replicas=2');
  await kubectl('rollout', 'status', 'deployment/web', '--timeout=15s');
  await kubectl('create', 'pdb', 'web', '--selector=app=web', '--min-available=2');
  await kubectl('wait', '--for=jsonpath={.status.currentHealthy}=2', 'pdb/web', '--timeout=10s');
  expect(await kubectl('get', 'pdb', 'web')).toMatch(
    /^NAME +MIN AVAILABLE +MAX UNAVAILABLE +ALLOWED DISRUPTIONS +AGE\nweb +2 +N\/A +0 +\d+s\n$/,
  );
  const node = (await kubectl('get', 'pods', '-l', 'app=web', '-o=jsonpath={.items[0].spec.nodeName}')).trim();
  const blocked = await cluster.kubectl.run(['drain', node, '--force', '--ignore-daemonsets', '--timeout=3s']);
  expect(blocked.code).not.toBe(0);
  expect(blocked.stderr).toContain("Cannot evict pod as it would violate the pod's disruption budget.");
  // A third pod on the other node leaves one to give.
  await kubectl('scale', 'deployment/web', '--replicas=4');
  await kubectl('rollout', 'status', 'deployment/web', '--timeout=15s');
  expect(await kubectl('drain', node, '--force', '--ignore-daemonsets', '--timeout=18s')).toContain(`node/${node} drained`);
  await kubectl('uncordon', node);
});

test('an autoscaler keeps its target within bounds', { timeout: 60_000 }, async () => {
  await kubectl('create', 'deployment', 'busy', '--image=busy:1');
  await kubectl('autoscale', 'deployment', 'busy', '--min=2', '--max=5', '--cpu-percent=50');
  await kubectl('wait', '--for=jsonpath={.spec.replicas}=2', 'deployment/busy', '--timeout=15s');
  expect(await kubectl('get', 'hpa', 'busy')).toMatch(
    /^NAME +REFERENCE +TARGETS +MINPODS +MAXPODS +REPLICAS +AGE\nbusy +Deployment\/busy +cpu: <unknown>\/50% +2 +5 +\d +\d+s\n$/,
  );
  const described = await kubectl('describe', 'hpa', 'busy');
  expect(described).toContain('New size: 2; reason: Current number of replicas below Spec.MinReplicas');
  expect(described).toMatch(/AbleToScale +True/);
});
