// An operator of controller-runtime (test/e2e/operator, a Go module), as a chart of helm 3 and of helm 4 installs it: its definition from
// crds/, two versions that its webhook converts, defaults and refusals, a leader among two, and its metrics. It runs where
// BERTH_E2E_OPERATOR names the program, or is `build`, for which Go is needed and minutes.
import { copyFile, cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { env } from 'node:process';
import type { Lease, Pod } from '@berth/api';
import { beforeAll, expect, test } from 'vitest';
import { provideImage } from '../../tools/cluster/images.ts';
import { helmPath, type KubectlVersion } from '../../tools/cluster/kubectl.ts';
import { runCommand } from '../../tools/cluster/run-command.ts';
import { cluster, get, kubectl, run, until, withNamespace } from './kubectl.ts';

const source = join(import.meta.dirname, 'operator');
const buildTimeoutMs = 3_600_000;
const definition = 'gadgets.operator.berth.example';
let image: string;

beforeAll(async () => {
  const folder = await mkdtemp(join(tmpdir(), 'berth-operator-'));
  try {
    const program = join(folder, 'operator');
    if (env.BERTH_E2E_OPERATOR === 'build') {
      const options = { cwd: source, env: { ...env, CGO_ENABLED: '0' }, timeoutMs: buildTimeoutMs };
      await runCommand(['go', 'build', '-trimpath', '-ldflags=-s -w', '-o', program, '.'], options);
    } else await copyFile(env.BERTH_E2E_OPERATOR ?? '', program);
    await cp(join(source, 'Dockerfile'), join(folder, 'Dockerfile'));
    image = await provideImage(cluster().layout, { repository: 'berth/gadgets', tag: '1.0', folder });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}, buildTimeoutMs);

const gadget = (version: string, name: string, spec: object) =>
  JSON.stringify({ apiVersion: `operator.berth.example/${version}`, kind: 'Gadget', metadata: { name }, spec });

async function leaderOf(namespace: string): Promise<string> {
  return until('a leader', 60_000, async () => {
    const { items } = await get<{ items: Lease[] }>('-n', namespace, 'leases');
    return items[0]?.spec?.holderIdentity?.split('_')[0];
  });
}

test.each<[string, KubectlVersion]>([
  ['3.17', '1.32'],
  ['4.1', '1.35'],
])('an operator runs under a chart of helm %s', (_name, version) =>
  withNamespace(async (namespace) => {
    const program = await helmPath(version);
    const options = { env: { ...process.env, KUBECONFIG: cluster().kubeconfig, HELM_NAMESPACE: namespace }, timeoutMs: 200_000 };
    const helm = (...args: string[]) => runCommand([program, ...args], options);
    const here = (...args: string[]) => kubectl('-n', namespace, ...args);
    const applied = (text: string) => run(['-n', namespace, 'apply', '-f', '-'], { input: text });
    const refused = (text: string) =>
      applied(text).then(
        () => '',
        (error: { stderr: string }) => error.stderr,
      );

    await helm('install', 'gadgets', join(source, 'chart'), '--set', `image=${image}`, '--wait', '--timeout=180s');
    try {
      const leader = await leaderOf(namespace);
      const old = await applied(gadget('v1beta1', 'old', { size: '3x4' }));
      expect(old.stderr).toContain('Warning: operator.berth.example/v1beta1 Gadget says its size in one text; use v1');
      await here('wait', '--for=condition=Ready', 'gadget/old', '--timeout=60s');
      expect(await here('get', 'gadget', 'old', '-o', 'jsonpath={.apiVersion} {.spec}')).toBe(
        'operator.berth.example/v1 {"colour":"blue","height":4,"width":3}',
      );
      expect(await here('get', `gadgets.v1beta1.operator.berth.example/old`, '-o', 'jsonpath={.spec.size}')).toBe('3x4');
      expect(await here('get', 'configmap', 'old', '-o', 'jsonpath={.data.area} {.data.by}')).toBe(`12 ${leader}`);

      expect((await applied(gadget('v1', 'new', { width: 2, height: 5, colour: 'pink' }))).stderr).toContain('spec.colour: pink fades');
      expect(await refused(gadget('v1', 'new', { width: 3, height: 5 }))).toContain('denied the request: spec.width: is immutable');
      expect(await refused(gadget('v1', 'big', { width: 11, height: 11 }))).toContain('denied the request: spec: an area is at most 100');
      expect(await refused(gadget('v1beta1', 'odd', { size: 'large' }))).toContain(
        'conversion webhook for operator.berth.example/v1beta1, Kind=Gadget failed: spec.size: "large" is not such as 3x4',
      );

      const metrics = await kubectl('get', '--raw', `/api/v1/namespaces/${namespace}/pods/${leader}:8080/proxy/metrics`);
      expect(metrics).toMatch(/controller_runtime_reconcile_total\{controller="gadget",result="success"\} [1-9]/);
      const hooks = await Promise.all(
        (await get<{ items: Pod[] }>('-n', namespace, 'pods', '-l', 'app=gadgets')).items.map(({ metadata }) =>
          kubectl('get', '--raw', `/api/v1/namespaces/${namespace}/pods/${metadata.name}:8080/proxy/metrics`),
        ),
      );
      expect(hooks.join('')).toMatch(/controller_runtime_webhook_requests_total\{code="200",webhook="\/convert"\} [1-9]/);

      await here('delete', 'pod', leader);
      const next = await until('another leader', 60_000, async () => {
        const now = await leaderOf(namespace);
        return now !== leader && now;
      });
      await applied(gadget('v1', 'later', { width: 1, height: 1 }));
      await here('wait', '--for=condition=Ready', 'gadget/later', '--timeout=60s');
      expect(await here('get', 'configmap', 'later', '-o', 'jsonpath={.data.by}')).toBe(next);
      await here('delete', 'gadgets', '--all');
      await here('wait', '--for=delete', 'configmap/old', 'configmap/new', 'configmap/later', '--timeout=60s');
      await helm('uninstall', 'gadgets', '--wait', '--timeout=90s');
      // Helm leaves what came from crds/.
      expect(await kubectl('get', 'crd', definition, '-o', 'name')).toContain(definition);
    } finally {
      await kubectl('delete', 'crd', definition, '--ignore-not-found');
    }
  }),
);
