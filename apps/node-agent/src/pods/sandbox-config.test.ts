import type { RuntimeClass } from '@berth/api';
import { expect, test } from 'vitest';
import { runtimeHandler } from './sandbox-config.ts';

const pod = (runtimeClassName?: string) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'web' },
  spec: { containers: [], ...(runtimeClassName && { runtimeClassName }) },
});

test('a pod runs as its runtime class says, and in no other way while that is unknown', () => {
  const sandboxed: RuntimeClass = { apiVersion: 'node.k8s.io/v1', kind: 'RuntimeClass', metadata: { name: 'sandboxed' }, handler: 'runsc' };
  const classes = { runtimeClass: (name: string) => (name === 'sandboxed' ? sandboxed : undefined) };
  expect(runtimeHandler(pod(), classes)).toBe('');
  expect(runtimeHandler(pod('sandboxed'), classes)).toBe('runsc');
  expect(() => runtimeHandler(pod('gone'), classes)).toThrow('failed to get sandbox runtime: RuntimeClass.node.k8s.io "gone" not found');
});
