// Log-in to the dashboard through an identity provider, in a browser: there and back, with the rights of one's groups, until the session
// ends; and answers that nobody has asked for.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ConfiguredProvider } from '@berth/apiserver';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { root } from '../../tools/cluster/layout.ts';
import { IdentityProvider } from '../integration/authentication/identity-provider.ts';
import { KubectlCluster } from '../integration/kubectl-cluster.ts';
import { violationsOn } from './dashboard/axe.ts';
import { DashboardPage } from './dashboard/dashboard-page.ts';

const clientId = 'dashboard';
const object = 'object/core/ConfigMap/default/prices';

let provider: IdentityProvider;
let cluster: KubectlCluster;
let dashboard: DashboardPage;
let directory: string;

beforeAll(async () => {
  provider = await IdentityProvider.start();
  provider.grant = (form) => provider.grantToPerson(form);
  directory = await mkdtemp(join(tmpdir(), 'berth-login-'));
  const certificateAuthorityFile = join(directory, 'ca.crt');
  await writeFile(certificateAuthorityFile, provider.authority);
  const { issuer } = provider;
  const identity: ConfiguredProvider = {
    ...{ issuer, audiences: [clientId], algorithms: ['RS256'], requiredClaims: {}, certificateAuthorityFile },
    ...{ username: { claim: 'email', prefix: '' }, groups: { claim: 'groups', prefix: 'idp:' } },
  };
  const dashboardLogin = { issuer, clientId, scopes: ['openid', 'email'], certificateAuthorityFile };
  cluster = await KubectlCluster.start(
    ['api'],
    { authentication: { provider: identity }, dashboardLogin },
    join(root, 'apps', 'dashboard', 'dist'),
  );
  const commands = [
    ['create', 'configmap', 'prices', '-n', 'default'],
    ['create', 'clusterrolebinding', 'readers', '--clusterrole=view', '--group=idp:readers'],
    ['create', 'clusterrolebinding', 'makers', '--clusterrole=cluster-admin', '--group=idp:makers'],
    ...['billing', 'shop'].flatMap((namespace) => [
      ['create', 'namespace', namespace],
      ['-n', namespace, 'create', 'rolebinding', 'keepers', '--clusterrole=view', '--group=idp:keepers'],
      ['-n', namespace, 'create', 'service', 'externalname', `of-${namespace}`, '--external-name=example.com'],
    ]),
    ['create', 'clusterrole', 'keepers', '--verb=get', '--resource=namespaces', '--resource-name=shop', '--resource-name=billing'],
    ['create', 'clusterrolebinding', 'keepers', '--clusterrole=keepers', '--group=idp:keepers'],
  ];
  for (const command of commands) expect(await cluster.run(command)).toMatchObject({ code: 0 });
  const furtherPorts = [Number(new URL(issuer).port)];
  dashboard = await DashboardPage.open({ server: `https://127.0.0.1:${cluster.controlPlane.address?.port}`, furtherPorts });
});

afterAll(async () => {
  await dashboard?.close();
  await cluster?.stop();
  await provider?.stop();
  await rm(directory, { recursive: true, force: true });
});

beforeEach(() => {
  provider.answerWith = {};
});

/** As one of a group. */
async function logIn(group: string, lifetimeSeconds = 3_600): Promise<void> {
  const { page } = dashboard;
  provider.person = { claims: { email: `ann@${group}`, groups: [group] }, lifetimeSeconds };
  await page.getByRole('button', { name: `Log in with ${new URL(provider.issuer).host}` }).click();
  await page.getByRole('link', { name: 'Continue' }).click();
}

const loggedIn = () => dashboard.page.getByRole('navigation', { name: 'Pages' }).waitFor();
const isThere = () => dashboard.page.getByRole('heading', { name: 'ConfigMap default/prices' }).waitFor();
const held = () => dashboard.page.evaluate('Object.keys(sessionStorage).filter((key) => /token|refresh|login/.test(key))');

test('whoever logs in comes back to where they were, and may do what their group may', async () => {
  const { page } = dashboard;
  await dashboard.openPath(object);
  await page.getByRole('button', { name: /^Log in with/ }).waitFor();
  expect(await violationsOn(page)).toEqual([]);
  await logIn('readers');
  await isThere();
  expect(page.url()).toMatch(new RegExp(`/ui/#/${object}$`));
  await page.getByText('ann@readers').waitFor();
  await page.getByRole('button', { name: 'YAML' }).waitFor();
  expect(await page.getByRole('button', { name: 'Delete', exact: true }).count()).toBe(0);
  await dashboard.logout();
  expect(await held()).toEqual([]);

  await logIn('makers');
  await isThere();
  await page.getByRole('button', { name: 'Delete', exact: true }).waitFor();
  await dashboard.logout();
  expect(dashboard.consoleErrors).toEqual([]);
});

test('whoever may list no namespaces is led to one of those that their rights name, and offered the others', async () => {
  const { page } = dashboard;
  await dashboard.openPath('services');
  await logIn('keepers');
  await dashboard.row('Services', 'of-billing');
  const chooser = page.getByRole('banner').getByLabel('Namespace');
  expect(await chooser.inputValue()).toBe('billing');
  expect(await page.locator('#namespaces option').evaluateAll((all) => all.map((one) => one.getAttribute('value')))).toEqual([
    'billing',
    'shop',
  ]);
  await chooser.fill('shop');
  await chooser.press('Enter');
  await dashboard.row('Services', 'of-shop');
  expect(page.url()).toContain('namespace=shop');
  // Of what one may not see, nobody says that there is none.
  await chooser.fill('kube-system');
  await chooser.press('Enter');
  await page.getByText('You may not list services in namespace kube-system.').first().waitFor();
  expect(await page.getByText('No services').count()).toBe(0);
  await dashboard.logout();
  expect(dashboard.consoleErrors).toEqual([]);
});

test.each([
  ['state', { state: 'of another' }, 'This is not the answer to a log-in that this tab has begun.'],
  ['nonce', { nonce: 'of another' }, 'The token of the identity provider is not for this log-in.'],
])('an answer with another %s is refused, and nothing of it is kept', async (_, answer, words) => {
  provider.answerWith = answer;
  await logIn('makers');
  await dashboard.page.getByRole('alert').filter({ hasText: words }).waitFor();
  expect(await held()).toEqual([]);
  expect(dashboard.page.url()).not.toMatch(/code=|state=/);
});

test('the same answer again, as by the back button, logs nobody in', async () => {
  const { page } = dashboard;
  provider.person = { claims: { email: 'ann@makers', groups: ['makers'] } };
  await page.getByRole('button', { name: /^Log in with/ }).click();
  const answer = (await page.getByRole('link', { name: 'Continue' }).getAttribute('href')) ?? '';
  await page.getByRole('link', { name: 'Continue' }).click();
  await loggedIn();
  await dashboard.logout();
  await page.goto(answer);
  await page.getByRole('alert').filter({ hasText: 'This is not the answer to a log-in that this tab has begun.' }).waitFor();
  expect(dashboard.consoleErrors).toEqual([]);
});

/** The last one: what is refused is an error in the browser's console. */
test('a session that has ended says so, and the next begins where it was', async () => {
  const { page } = dashboard;
  await dashboard.openPath(object);
  await logIn('makers', 5);
  await isThere();
  const refused = page.getByRole('alert').filter({ hasText: 'The token is no longer valid.' });
  await expect
    .poll(
      async () => {
        await page.reload();
        await page.getByRole('navigation', { name: 'Pages' }).or(refused).waitFor();
        return refused.count();
      },
      { timeout: 60_000 },
    )
    .toBe(1);
  expect(page.url()).toMatch(new RegExp(`/ui/#/${object}$`));
  await logIn('makers');
  await isThere();
});
