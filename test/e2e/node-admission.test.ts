// Pods that name their node themselves: the node refuses what it cannot hold, and goes on with what it took.
import type { Node, Pod, PodSpec } from '@berth/api';
import { expect, test } from 'vitest';
import { apply, cluster, get, kubectl, until, withNamespace } from './kubectl.ts';
import { pod, shell, waitForEver } from './manifests.ts';

async function bound(namespace: string, name: string, spec: Partial<PodSpec> & { container?: object }): Promise<void> {
  const { container, ...rest } = spec;
  await apply(pod(namespace, name, [shell('main', waitForEver, container)], { nodeName: cluster().layout.nodeName, ...rest }));
}

const podOf = (namespace: string, name: string) => get<Pod>('-n', namespace, 'pod', name);
const phaseOf = (namespace: string, name: string, phase: string) =>
  until(`${name} to be ${phase}`, 60_000, async () => {
    const found = await podOf(namespace, name);
    return found.status?.phase === phase && found;
  });
const onPort = { container: { ports: [{ containerPort: 80, hostPort: 18_099 }] } };

test('a node refuses what it cannot hold, with the reason; what it took stays when the agent is restarted', () =>
  withNamespace(async (ns) => {
    const labels = (change: string) => kubectl('label', 'node', cluster().layout.nodeName, change);
    await labels('e2e-zone=a');
    await bound(ns, 'zoned', { nodeSelector: { 'e2e-zone': 'a' } });
    await bound(ns, 'port-a', onPort);
    await phaseOf(ns, 'zoned', 'Running');
    const holder = await phaseOf(ns, 'port-a', 'Running');
    await bound(ns, 'port-b', onPort);
    await bound(ns, 'cpu', { container: { resources: { requests: { cpu: '64' } } } });
    await bound(ns, 'selector', { nodeSelector: { no: 'such' } });
    const [port, cpu, selector] = await Promise.all(['port-b', 'cpu', 'selector'].map((name) => phaseOf(ns, name, 'Failed')));
    expect(port?.status).toMatchObject({
      reason: 'NodePorts',
      message: "Pod was rejected: Predicate NodePorts failed: node(s) didn't have free ports for the requested pod ports",
    });
    const message = expect.stringMatching(
      /^Pod was rejected: Node didn't have enough resource: cpu, requested: 64000, used: \d+, capacity: \d+$/,
    );
    expect(cpu?.status).toMatchObject({ reason: 'OutOfcpu', message });
    expect(selector?.status).toMatchObject({ reason: 'NodeAffinity' });
    expect(cpu?.status?.containerStatuses).toBeUndefined();
    await labels('e2e-zone-');
    await cluster().processes.crash('node-agent');
    await cluster().startAgents();
    await bound(ns, 'port-c', onPort);
    await phaseOf(ns, 'port-c', 'Failed');
    const again = await podOf(ns, 'port-a');
    expect(again.status).toMatchObject({ phase: 'Running', containerStatuses: [{ restartCount: 0 }], startTime: holder.status?.startTime });
    expect((await podOf(ns, 'zoned')).status?.phase).toBe('Running');
    // The port is free again once its holder is gone.
    await kubectl('-n', ns, 'delete', 'pod', 'port-a');
    await bound(ns, 'port-d', onPort);
    await phaseOf(ns, 'port-d', 'Running');
  }));

test('what others have given a node is counted, and stays', () =>
  withNamespace(async (ns) => {
    const { nodeName } = cluster().layout;
    const give = (patch: object) =>
      kubectl('patch', 'node', nodeName, '--subresource', 'status', '--type', 'merge', '-p', JSON.stringify(patch));
    const amounts = (count: string | null) => ({
      status: { capacity: { 'example.com/gpu': count }, allocatable: { 'example.com/gpu': count } },
    });
    await give(amounts('1'));
    const gpu = { container: { resources: { requests: { 'example.com/gpu': '1' }, limits: { 'example.com/gpu': '1' } } } };
    await bound(ns, 'first', gpu);
    await phaseOf(ns, 'first', 'Running');
    await bound(ns, 'second', gpu);
    expect((await phaseOf(ns, 'second', 'Failed')).status).toMatchObject({ reason: 'OutOfexample.com/gpu' });
    expect((await get<Node>('node', nodeName)).status?.allocatable?.['example.com/gpu']).toBe('1');
    await give(amounts(null));
  }));
