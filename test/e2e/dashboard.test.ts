import { afterAll, beforeAll, expect, test } from 'vitest';
import { DashboardPage } from './dashboard/dashboard-page.ts';
import { apply, cluster, kubectl, until, withNamespace } from './kubectl.ts';
import { pod, shell, waitForEver } from './manifests.ts';

let dashboard: DashboardPage;

beforeAll(async () => {
  const { apiPort } = cluster().layout;
  dashboard = await DashboardPage.open({ server: `https://127.0.0.1:${apiPort}` });
});

afterAll(() => dashboard.close());

const token = () => cluster().token((tokens) => tokens.createAccessToken({ name: 'operator', groups: ['system:masters'] }));

test('an operator logs in, sees two replicas, follows a log, and sees a crash loop and its reason', () =>
  withNamespace(async (ns) => {
    const labels = { app: 'web' };
    const spec = { terminationGracePeriodSeconds: 1, containers: [shell('web', `echo hello from the log; ${waitForEver}`)] };
    await apply({
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'web', namespace: ns },
      spec: { replicas: 2, selector: { matchLabels: labels }, template: { metadata: { labels }, spec } },
    });
    await kubectl('-n', ns, 'rollout', 'status', 'deploy/web', '--timeout=60s');
    await dashboard.login(await token());

    await dashboard.show('Workloads');
    expect((await dashboard.row('Deployments', ns)).join(' ')).toContain('2/2');
    await dashboard.show('Pods');
    const names = (await kubectl('-n', ns, 'get', 'pods', '-o', 'jsonpath={.items[*].metadata.name}')).split(' ');
    expect(names).toHaveLength(2);
    for (const name of names) expect((await dashboard.row('Pods', name)).join(' ')).toContain('Running');

    expect(await dashboard.followLog({ namespace: ns, name: names[0] ?? '' }, 'hello from the log')).toContain('hello from the log');

    await mendedByButtons(ns);

    await dashboard.show('Overview');
    await apply(pod(ns, 'crasher', [shell('main', 'echo about to fail; exit 3')]));
    const problem = await dashboard.problemShown('CrashLoopBackOff', 'crasher');
    expect(problem).toContain('exit code 3');
    expect(dashboard.consoleErrors).toEqual([]);
  }));

/** A rollout that cannot succeed is rolled back, scaled and restarted from the Deployment's page; kubectl sees it. */
async function mendedByButtons(ns: string): Promise<void> {
  const image = await kubectl('-n', ns, 'get', 'deploy/web', '-o', 'jsonpath={.spec.template.spec.containers[0].image}');
  await kubectl('-n', ns, 'set', 'image', 'deploy/web', 'web=localhost:1/nothing:here');
  expect(await dashboard.find(`deployment ${ns} web`, 'web')).toContain('Deployment');
  const change = await dashboard.act('Roll back');
  expect(change).toContain('spec.template.spec.containers[web].image');
  expect(change).toContain(image);
  expect(await dashboard.act('Scale', '1')).toContain('spec.replicas');
  expect(await dashboard.act('Restart')).toContain('restartedAt');
  const deployment = await kubectl('-n', ns, 'get', 'deploy/web', '-o', 'jsonpath={.spec.replicas} {.spec.template}');
  expect(deployment).toMatch(/^1 .*restartedAt/);
  expect(deployment).toContain(image);
}

test('nodes show what is requested and what is used, as kubectl top does', async () => {
  await until('the first measurements', 60_000, async () => (await kubectl('top', 'nodes')).includes('%'));
  expect(await kubectl('top', 'nodes')).toContain(cluster().layout.nodeName);
  await dashboard.show('Nodes');
  await dashboard.page.getByText('used').first().waitFor();
  expect(dashboard.consoleErrors).toEqual([]);
});

/** The last one: what it does is an error in the browser's console. */
test('while the control plane is away, nothing is said to be absent', async () => {
  const { page } = dashboard;
  await cluster().processes.crash('control-plane');
  try {
    await page.evaluate("location.hash = '#/pods/default/nobody'");
    await page.getByText('Not known while the control plane cannot be reached.').first().waitFor();
    expect(await page.getByText('There is no pod').count()).toBe(0);
    await page.evaluate("location.hash = '#/object/core/ConfigMap/default/nobody'");
    await page.getByRole('heading', { name: 'ConfigMap default/nobody' }).waitFor();
    await page.getByText('Not known while the control plane cannot be reached.').first().waitFor();
    expect(await page.getByText('There is no configmap').count()).toBe(0);
  } finally {
    await cluster().startControlPlane();
  }
  await page.evaluate("location.hash = '#/services'");
  await page.getByText('kubernetes', { exact: true }).first().waitFor();
});
