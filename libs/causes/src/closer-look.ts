// What is worth asking for once it is known what there is: decisions of pods without a node, the last lines of containers that ended, and
// the secrets that Ingresses name. Asking for all of it beforehand would cost a request a pod, and every secret.
import { type ContainerStatus, decodeBase64, type Ingress, type Pod, type Secret } from '@berth/api';

/** Enough to hold what a program says before it ends. */
export const logLinesRead = 50;

export interface EndedContainer {
  name: string;
  /** Of the run before, where the container runs again or waits to. */
  isPrevious: boolean;
}

export function endedContainers({ status }: Pod): EndedContainer[] {
  const all = [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])];
  return all.filter(hasFailed).map(({ name, state, restartCount }) => ({ name, isPrevious: !state?.terminated && restartCount > 0 }));
}

function hasFailed({ state, lastState, restartCount }: ContainerStatus): boolean {
  if (state?.terminated) return state.terminated.exitCode !== 0;
  return lastState?.terminated !== undefined && (state?.waiting !== undefined || restartCount > 1);
}

export interface NamedSecret {
  namespace: string;
  name: string;
}

/** Each once. */
export function namedSecrets(ingresses: readonly Ingress[]): NamedSecret[] {
  const named = new Map<string, NamedSecret>();
  for (const { metadata, spec } of ingresses) {
    const { namespace = '' } = metadata;
    for (const { secretName } of spec.tls ?? []) if (secretName) named.set(`${namespace}/${secretName}`, { namespace, name: secretName });
  }
  return [...named.values()];
}

/** PEM; empty where it has none. */
export function certificateOf({ data = {} }: Pick<Secret, 'data'>): string {
  return decodeBase64(data['tls.crt'] ?? '') ?? '';
}
