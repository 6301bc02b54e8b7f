import { expect, test } from 'vitest';
import { podFromManifest } from './manifest.ts';

const file = (text: string, more: { path?: string; nodeName?: string } = {}) =>
  podFromManifest({ path: '/m/web.yaml', nodeName: 'node-1', seen: '2026-01-01T00:00:00Z', text, ...more });
const yaml = (spec = '') => `apiVersion: v1
kind: Pod
metadata:
  name: web
  labels: { app: web }
spec:
  containers:
  - name: main
    image: web:1
${spec}`;

test('a pod of a file is named after its node, marked, bound, defaulted, and stays whatever taints the node has', () => {
  const { metadata, spec } = file(yaml());
  expect(metadata).toMatchObject({ name: 'web-node-1', namespace: 'default', labels: { app: 'web' } });
  expect(metadata.annotations).toEqual({
    'kubernetes.io/config.hash': metadata.uid,
    'kubernetes.io/config.source': 'file',
    'kubernetes.io/config.seen': '2026-01-01T00:00:00Z',
  });
  expect(spec).toMatchObject({ nodeName: 'node-1', restartPolicy: 'Always', terminationGracePeriodSeconds: 30, dnsPolicy: 'ClusterFirst' });
  expect(spec.tolerations).toContainEqual({ operator: 'Exists', effect: 'NoExecute' });
});

test('its uid follows from what the file says, its path and the node: the same in JSON, another once anything is', () => {
  const { uid } = file(yaml()).metadata;
  expect(uid).toMatch(/^[0-9a-f]{32}$/);
  const json = JSON.stringify({
    ...{ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'web', labels: { app: 'web' } } },
    spec: { containers: [{ name: 'main', image: 'web:1' }] },
  });
  expect(file(json).metadata.uid).toBe(uid);
  const others = [file(yaml('  hostNetwork: true')), file(yaml(), { path: '/m/other' }), file(yaml(), { nodeName: 'n2' })];
  for (const { metadata } of others) expect(metadata.uid).not.toBe(uid);
});

test.each([
  ['', 'there is no Pod in it'],
  ['apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a }', 'it holds v1 ConfigMap, not a v1 Pod'],
  ['apiVersion: v1\nkind: Pod\nmetadata: {}\nspec: { containers: [{ name: a, image: b }] }', 'metadata.name: Required value'],
  [yaml('  hostNetwrk: true'), 'unknown field "spec.hostNetwrk"'],
  [yaml('  hostNetwork: 3'), 'spec.hostNetwork'],
  [yaml('  restartPolicy: Sometimes'), 'spec.restartPolicy: Unsupported value: "Sometimes"'],
  [yaml('  volumes: [{ name: v, secret: { secretName: s } }]'), 'static pods may not reference secrets'],
  [yaml('  volumes: [{ name: v, configMap: { name: c } }]'), 'static pods may not reference configmaps'],
  [yaml('  volumes: [{ name: v, persistentVolumeClaim: { claimName: c } }]'), 'static pods may not reference persistentvolumeclaims'],
  [yaml('  serviceAccountName: robot'), 'static pods may not reference serviceaccounts'],
  ['a: [', 'unexpected end of the stream'],
])('%j is refused in words', (text, why) => {
  expect(() => file(text)).toThrow(why);
});
