import type { Deployment, PodSpec, ReplicaSet } from '@berth/api';
import { expect, it } from 'vitest';
import { hasSameTemplate } from './template-hash.ts';

const container = { name: 'main', image: 'web:1' };
const labels = { app: 'web' };

function deployment(spec: PodSpec): Deployment {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web' },
    spec: { selector: { matchLabels: labels }, template: { metadata: { labels }, spec } },
  };
}

function replicaSet(spec: PodSpec): ReplicaSet {
  const template = { metadata: { labels: { ...labels, 'pod-template-hash': 'x' } }, spec };
  return { apiVersion: 'apps/v1', kind: 'ReplicaSet', metadata: { name: 'web-x' }, spec: { selector: { matchLabels: labels }, template } };
}

it.each<[string, PodSpec, PodSpec, boolean]>([
  ['nothing', { containers: [container] }, { containers: [container] }, true],
  ['the image', { containers: [container] }, { containers: [{ ...container, image: 'web:2' }] }, false],
  // As they were stored before empty values were left out.
  ['an empty list', { containers: [container] }, { containers: [{ ...container, args: [] }] }, true],
  ['a struct that is always there', { containers: [{ ...container, resources: {} }] }, { containers: [container] }, true],
  ['false where it is the default', { containers: [container] }, { containers: [container], hostNetwork: false }, true],
  // Zeros that say something: Go has them behind pointers.
  ['the user root', { containers: [container] }, { containers: [container], securityContext: { runAsUser: 0 } }, false],
  ['a token that is not mounted', { containers: [container] }, { containers: [container], automountServiceAccountToken: false }, false],
])('tells whether a template is the same that differs in %s', (_what, ours, theirs, isSame) => {
  expect(hasSameTemplate(deployment(ours), replicaSet(theirs))).toBe(isSame);
});
