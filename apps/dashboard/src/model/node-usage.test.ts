import type { Container, Pod } from '@berth/api';
import { expect, test } from 'vitest';
import { cpuText, memoryText, podRequests, requestedByNode } from './node-usage.ts';

const container = (name: string, cpu: string, restartPolicy?: 'Always'): Container => ({
  name,
  image: 'x',
  restartPolicy,
  resources: { requests: { cpu, memory: '64Mi' } },
});
const pod = (containers: Container[], initContainers: Container[] = [], phase: 'Running' | 'Failed' = 'Running'): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'p' },
  spec: { containers, initContainers, nodeName: 'n1' },
  status: { phase },
});

test('init containers run alone, beside the sidecars before them', () => {
  const init = [container('a', '1'), container('proxy', '500m', 'Always'), container('b', '2')];
  expect(podRequests(pod([container('main', '250m'), container('more', '250m')], init)).cpu).toBe(2.5);
  expect(podRequests(pod([container('main', '3')], init)).cpu).toBe(3.5);
});

test('pods that have ended hold nothing', () => {
  const pods = [pod([container('a', '1')]), pod([container('a', '100m')]), pod([container('a', '1')], [], 'Failed')];
  expect(requestedByNode(pods).get('n1')).toEqual({ cpu: 1.1, memory: 128 * 1024 ** 2, pods: 2 });
});

test('amounts are short', () => {
  expect([cpuText(0.25), cpuText(12.34), memoryText(0), memoryText(512 * 1024 ** 2), memoryText(7.5 * 1024 ** 3)]).toEqual([
    '0.25',
    '12.3',
    '0 B',
    '512 Mi',
    '7.5 Gi',
  ]);
});
