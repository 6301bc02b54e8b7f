// What of a request rules, selectors and expressions of admission are about.
import { apiVersionOf, type KindDefinition, type KubeObject } from '@berth/machinery';
import { servedKind } from '../../kind-versions.ts';
import type { User } from '../../types.ts';

export type Operation = 'CREATE' | 'UPDATE' | 'DELETE' | 'CONNECT';

export interface GroupVersionKind {
  group: string;
  version: string;
  kind: string;
}

export interface AdmissionFacts {
  operation: Operation;
  user: User;
  /** As it is stored. */
  kind: KindDefinition;
  /** The version that the request is in, where that is another one. */
  through?: KindDefinition | undefined;
  namespace: string | undefined;
  name: string;
  subresource?: string | undefined;
  /** What is sent, where that is no object of `kind`: a Scale, an Eviction, a PodExecOptions. */
  bodyKind?: GroupVersionKind | undefined;
  /** Absent of a DELETE. */
  object?: KubeObject | undefined;
  old?: KubeObject | undefined;
  /** CreateOptions and the like. */
  options?: object | undefined;
  dryRun?: boolean | undefined;
}

export function requestedKind(facts: AdmissionFacts): KindDefinition {
  return servedKind(facts as { kind: KindDefinition; through?: KindDefinition });
}

export function isNamespace({ group, plural }: { group: string; plural: string }): boolean {
  return group === '' && plural === 'namespaces';
}

/** Of a request about a namespace itself, its name. */
export function namespaceOf({ kind, namespace, name }: Pick<AdmissionFacts, 'kind' | 'namespace' | 'name'>): string {
  return namespace || (isNamespace(kind) ? name : '');
}

export function groupVersionKind({ group, version, kind }: GroupVersionKind): GroupVersionKind {
  return { group, version, kind };
}

/** `apps/v1, Kind=Deployment`. */
export function kindText(kind: GroupVersionKind): string {
  return `${apiVersionOf(kind)}, Kind=${kind.kind}`;
}
