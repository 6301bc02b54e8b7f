// helm 3.17 and 4.1 with a chart of every common kind and hooks: install, upgrade, rollback, test, history, uninstall, and an
// upgrade that fails and is taken back.
import { join } from 'node:path';
import type { ConfigMap, Job } from '@berth/api';
import { describe, expect, test } from 'vitest';
import { helmPath, type KubectlVersion } from '../../tools/cluster/kubectl.ts';
import { CommandError, runCommand } from '../../tools/cluster/run-command.ts';
import { cluster, get, kubectl, withNamespace } from './kubectl.ts';
import { lane } from './lane.ts';

const chart = join(import.meta.dirname, 'helm-chart');
const commandTimeoutMs = 150_000;

/** By the kubectl that each comes with. */
const helms: [name: string, version: KubectlVersion, atomic: string][] = [
  ['3.17', '1.32', '--atomic'],
  ['4.1', '1.35', '--rollback-on-failure'],
];

describe.each(helms)('helm %s', (_name, version, atomic) => {
  test('installs, upgrades, rolls back, tests and uninstalls a chart', () =>
    withNamespace(async (namespace) => {
      const program = await helmPath(version);
      const env = { ...process.env, KUBECONFIG: cluster().kubeconfig, HELM_NAMESPACE: namespace };
      const helm = async (...args: string[]) => (await runCommand([program, ...args], { env, timeoutMs: commandTimeoutMs })).stdout;
      const set = (more = '') => ['--set', `image=${lane().helloImage},loader=${lane().helloImage}${more}`, '--wait', '--timeout=90s'];
      const greeting = async () => (await get<ConfigMap>('-n', namespace, 'configmap', 'shop-settings')).data?.greeting;

      expect(await helm('install', 'shop', chart, atomic, ...set())).toMatch(/STATUS: deployed\nREVISION: 1\n/);
      expect(await kubectl('-n', namespace, 'get', 'deployment,statefulset,daemonset', '--no-headers')).toMatch(
        /deployment\.apps\/shop-web +1\/1 [\s\S]*statefulset\.apps\/shop-db +1\/1 [\s\S]*daemonset\.apps\/shop-agent +1 +1 +1 /,
      );
      const jobs = (await get<{ items: Job[] }>('-n', namespace, 'jobs')).items.map(({ metadata, status }) => [
        metadata.name,
        status?.succeeded,
      ]);
      expect(jobs).toEqual(
        expect.arrayContaining([
          ['shop-pre-install', 1],
          ['shop-post-install', 1],
        ]),
      );

      expect(await helm('upgrade', 'shop', chart, atomic, ...set(',greeting=welcome,replicas=2'))).toMatch(/REVISION: 2\n/);
      expect([
        await greeting(),
        await kubectl('-n', namespace, 'get', 'deploy', 'shop-web', '-o', 'jsonpath={.status.readyReplicas}'),
      ]).toEqual(['welcome', '2']);
      expect(await helm('test', 'shop')).toMatch(/TEST SUITE: +shop-test\n[\s\S]*Phase: +Succeeded/);

      await helm('rollback', 'shop', '1', '--wait', '--timeout=90s');
      expect(await greeting()).toBe('hello');

      const broken = helm(
        'upgrade',
        'shop',
        chart,
        atomic,
        '--set',
        `image=localhost:1/none:1,loader=${lane().helloImage},greeting=never`,
        '--wait',
        '--timeout=8s',
      );
      await expect(broken).rejects.toThrow(CommandError);
      expect(await greeting()).toBe('hello');

      const history = JSON.parse(await helm('history', 'shop', '-o', 'json')) as { revision: number; status: string }[];
      expect(history.sort((a, b) => a.revision - b.revision).map(({ status }) => status)).toEqual([
        'superseded',
        'superseded',
        'superseded',
        'failed',
        'deployed',
      ]);
      expect(JSON.parse(await helm('list', '-o', 'json'))).toMatchObject([{ name: 'shop', status: 'deployed', chart: 'shop-1.0.0' }]);
      expect(await helm('get', 'values', 'shop')).toContain('image:');

      expect(await helm('uninstall', 'shop', '--wait', '--timeout=90s')).toContain('release "shop" uninstalled');
      const kinds = 'deployments,statefulsets,daemonsets,services,ingresses,networkpolicies,cronjobs,hpa,pdb,roles,rolebindings';
      expect(await kubectl('-n', namespace, 'get', kinds, '-o', 'name')).toBe('');
    }));
});
