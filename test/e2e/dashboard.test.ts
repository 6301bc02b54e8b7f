import { afterAll, beforeAll, expect, test } from 'vitest';
import { violationsOn } from './dashboard/axe.ts';
import { DashboardPage } from './dashboard/dashboard-page.ts';
import { apply, cluster, kubectl, until, withNamespace } from './kubectl.ts';
import { lane } from './lane.ts';
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

test('a pod has terminals: a shell that says how it ended, again, and one with an image of its own', () =>
  withNamespace(async (ns) => {
    const { page } = dashboard;
    const container = shell('main', waitForEver, { resources: { limits: { memory: '32Mi' } } });
    const command = '/bin/busybox sh';
    await apply(pod(ns, 'box', [container]));
    await kubectl('-n', ns, 'wait', 'pod/box', '--for=condition=Ready', '--timeout=60s');
    await dashboard.openTerminal({ namespace: ns, name: 'box' }, command);
    // The size comes as soon as the shell is there to have it.
    await dashboard.typeInTerminal('until busybox stty size; do busybox usleep 50000; done; echo $((6*7))-sized', '42-sized');
    expect(await violationsOn(page)).toEqual([]);
    await page.keyboard.type('exit 3\n');
    await page.getByText('Ended with exit code 3.').waitFor();
    await page.getByRole('button', { name: 'Reconnect' }).click();
    await dashboard.typeInTerminal('echo again-$((1+1))', 'again-2');
    await page.getByRole('button', { name: 'Close' }).click();

    await dashboard.debug({ image: lane().helloImage, command });
    await dashboard.typeInTerminal('echo $((2+3))-of-$(busybox cat /proc/1/comm)', '5-of-busybox');
    const added = await kubectl('-n', ns, 'get', 'pod/box', '-o', 'jsonpath={.spec.ephemeralContainers[0].targetContainerName}');
    expect(added).toBe('main');
    expect(dashboard.consoleErrors).toEqual([]);
  }));

test('the pages have what they are for, nothing that axe minds, and no errors in the console', async () => {
  const { page } = dashboard;
  const { nodeName } = cluster().layout;
  // A rate takes two samples, and the cluster may have just begun.
  const timeout = 100_000;
  const hasRow = (chart: string, line: string) =>
    page.getByRole('region', { name: chart }).getByRole('row', { name: line }).waitFor({ timeout });
  const pages: [path: string, shown: () => Promise<void>][] = [
    ['timeline', () => page.getByRole('table').first().waitFor()],
    ['control-plane', () => hasRow('Requests', 'GET')],
    [`nodes/${nodeName}?tab=metrics`, () => hasRow('Memory', 'allocatable')],
    ['nodes?tab=heat', () => page.getByRole('link', { name: `${nodeName}: CPU requested` }).waitFor()],
    ['nodes?tab=table', () => page.getByRole('table', { name: 'Nodes by use' }).getByText(nodeName).waitFor()],
    ['object/core/Service/default/kubernetes', () => page.getByText('ClusterIP').first().waitFor()],
  ];
  for (const [path, shown] of pages) {
    await dashboard.openPath(path);
    await shown();
    expect(await violationsOn(page), path).toEqual([]);
  }
  expect(dashboard.consoleErrors).toEqual([]);
});

test('eight windows are live at the same time, over HTTP/2', () =>
  withNamespace(async (ns) => {
    const windows: DashboardPage[] = [];
    try {
      for (let count = 0; count < 8; count++) {
        const window = await dashboard.another();
        windows.push(window);
        await window.login(await token());
        await window.show(count % 2 === 0 ? 'Workloads' : 'Pods');
        await window.show('Pods');
      }
      await kubectl('-n', ns, 'run', 'everywhere', '--image=localhost:1/nothing:here');
      for (const window of windows) {
        expect(await window.protocol()).toBe('h2');
        expect((await window.row('Pods', 'everywhere')).join(' ')).toContain(ns);
        await window.freshnessShown('Live');
      }
      await kubectl('-n', ns, 'delete', 'pod', 'everywhere', '--now');
      for (const { page } of windows)
        await page.getByRole('table', { name: 'Pods' }).getByText('everywhere').waitFor({ state: 'detached' });
      expect(windows.flatMap(({ consoleErrors }) => consoleErrors)).toEqual([]);
    } finally {
      for (const { page } of windows) await page.close();
    }
  }));

test('a user of one namespace sees it, is told of the rest, and is offered what they may do', () =>
  withNamespace(async (ns) => {
    await kubectl('-n', ns, 'create', 'serviceaccount', 'guest');
    await kubectl('-n', ns, 'create', 'rolebinding', 'guest', '--clusterrole=view', `--serviceaccount=${ns}:guest`);
    await kubectl('-n', ns, 'create', 'deployment', 'shop', '--image=localhost:1/nothing:here');
    const bearer = (await kubectl('-n', ns, 'create', 'token', 'guest')).trim();
    const viewer = await dashboard.another();
    let editor: DashboardPage | undefined;
    try {
      await viewer.login(bearer);
      expect(await viewer.page.getByLabel('Namespace').inputValue()).toBe(ns);
      expect(viewer.page.url()).toContain(`namespace=${ns}`);
      expect(await viewer.problemShown('ImagePullBackOff', 'shop')).toContain('shop');
      await viewer.show('Pods');
      await viewer.row('Pods', 'shop');
      expect(await viewer.page.getByRole('table', { name: 'Pods' }).getByText('kube-system').count()).toBe(0);
      await viewer.show('Nodes');
      await viewer.page.getByText('You may not list nodes of the whole cluster.').first().waitFor();
      expect(await viewer.find(`deployment ${ns} shop`, 'shop')).toContain('Deployment');
      await viewer.page.getByRole('button', { name: 'YAML' }).waitFor();
      for (const name of ['Scale', 'Restart', 'Delete'])
        expect(await viewer.page.getByRole('button', { name, exact: true }).count()).toBe(0);
      expect(viewer.consoleErrors).toEqual([]);

      await kubectl('-n', ns, 'create', 'rolebinding', 'editor', '--clusterrole=edit', `--serviceaccount=${ns}:guest`);
      editor = await dashboard.another();
      await editor.login(bearer);
      expect(await editor.find(`deployment ${ns} shop`, 'shop')).toContain('Deployment');
      expect(await editor.act('Scale', '3')).toContain('spec.replicas');
      expect(await kubectl('-n', ns, 'get', 'deploy/shop', '-o', 'jsonpath={.spec.replicas}')).toBe('3');
      expect(editor.consoleErrors).toEqual([]);
    } finally {
      await viewer.page.close();
      await editor?.page.close();
    }
  }));

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
