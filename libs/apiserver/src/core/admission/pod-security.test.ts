import { Deployment, Namespace, Pod } from '@berth/api';
import type { Client } from '@berth/client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { callFor, pod, startTestServer } from '../test-server.ts';

let running: Awaited<ReturnType<typeof startTestServer>>;
let client: Client;
beforeAll(async () => {
  running = await startTestServer();
  client = running.client;
});
afterAll(() => running.server.stop());

function namespace(name: string, labels: Record<string, string>): Promise<Namespace> {
  const own = Object.fromEntries(Object.entries(labels).map(([key, value]) => [`pod-security.kubernetes.io/${key}`, value]));
  return client.create(Namespace, { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels: own }, spec: {} });
}

const podIn = (name: string, where: string, spec: Partial<Pod['spec']> = {}): Pod => {
  const base = pod(name);
  return { ...base, metadata: { name, namespace: where }, spec: { ...base.spec, ...spec } };
};

test('what is enforced is refused, what is warned about is let in with a warning', async () => {
  await namespace('guarded', { enforce: 'baseline', warn: 'restricted' });
  await expect(client.create(Pod, podIn('host', 'guarded', { hostNetwork: true }))).rejects.toThrow(
    'pods "host" is forbidden: violates PodSecurity "baseline:latest": host namespaces (hostNetwork=true)',
  );
  const { warnings } = await running.server.create(callFor(Pod, 'guarded'), podIn('plain', 'guarded'));
  expect(warnings).toHaveLength(1);
  expect(warnings[0]).toMatch(
    /^would violate PodSecurity "restricted:latest": allowPrivilegeEscalation != false \(container "main" must set/,
  );
});

test('workloads are let in with the warning that their pods would not be', async () => {
  await namespace('strict', { enforce: 'restricted' });
  const labels = { app: 'web' };
  const spec = { selector: { matchLabels: labels }, template: { metadata: { labels }, spec: pod('web').spec } };
  const object: Deployment = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web', namespace: 'strict' }, spec };
  const { warnings } = await running.server.create(callFor(Deployment, 'strict'), object);
  expect(warnings[0]).toMatch(/^would violate PodSecurity "restricted:latest": /);
});

test('a namespace that becomes stricter names the pods it has that violate it', async () => {
  await namespace('relaxed', {});
  await client.create(Pod, podIn('one', 'relaxed', { hostPID: true }));
  await client.create(Pod, podIn('two', 'relaxed', { hostPID: true }));
  const patch = (level: string) =>
    running.server.patch(callFor(Namespace, undefined, 'relaxed'), 'merge', {
      metadata: { labels: { 'pod-security.kubernetes.io/enforce': level } },
    });
  expect((await patch('baseline')).warnings).toEqual([
    'existing pods in namespace "relaxed" violate the new PodSecurity enforce level "baseline:latest"',
    'one (and 1 other pod): host namespaces',
  ]);
  await expect(patch('strict')).rejects.toThrow(
    'Namespace "relaxed" is invalid: metadata.labels[pod-security.kubernetes.io/enforce]: Invalid value: "strict": must be one of privileged, baseline, restricted',
  );
});

test('a privileged container cannot be added to a running pod either', async () => {
  await namespace('debugged', { enforce: 'baseline' });
  await client.create(Pod, podIn('web', 'debugged'));
  const call = callFor(Pod, 'debugged', 'web', 'ephemeralcontainers');
  const ephemeralContainers = [{ name: 'shell', image: 'registry.local/shell:1', securityContext: { privileged: true } }];
  await expect(running.server.patch(call, 'strategic', { spec: { ephemeralContainers } })).rejects.toThrow(
    'violates PodSecurity "baseline:latest": privileged (container "shell" must not set securityContext.privileged=true)',
  );
});
