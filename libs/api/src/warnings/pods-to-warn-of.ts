// Pods that Kubernetes warns of, as the tests of this folder make them, and words that several warnings share.
import type { Container, PodSpec, Pod as PodType } from '../index.ts';
import { Pod } from '../index.ts';
import { samplePod } from '../samples.ts';

export const own = (text: string) => !text.includes('Berth');
export const advice = 'which can result in surprising behavior; a DNS label is recommended';
export const labelRule = '[must not contain dots]';

export function podOf(spec: Partial<PodSpec>, metadata: Partial<PodType['metadata']> = {}): PodType {
  const pod = samplePod({ containers: [{ name: 'c', image: 'x' }], ...spec });
  Object.assign(pod.metadata, metadata);
  Pod.defaults(pod);
  Pod.strategy.prepareForCreate?.(pod, '2020-01-01T00:00:00Z');
  return pod;
}

export const warningsOf = (spec: Partial<PodSpec>, annotations?: Record<string, string>) =>
  Pod.warnings(podOf(spec, { ...(annotations && { annotations }) })).filter(own);
export const container = (change: Partial<Container>): Partial<PodSpec> => ({ containers: [{ name: 'c', image: 'x', ...change }] });
export const term = (key: string) => ({ matchExpressions: [{ key, operator: 'Exists' }] });
export const sized = (name: string) => ({ limits: { [name]: '1500m' }, requests: { [name]: '1500m' } });
export const fractional = (path: string) => `${path}: fractional byte value "1500m" is invalid, must be an integer`;
export const selectsNothing = 'a null labelSelector results in matching no pod';
export const pathOf = 'spec.affinity.podAffinity.requiredDuringSchedulingIgnoredDuringExecution[0]';
