// A control of the Pod Security Standards: one thing that a pod must not do, or must say, at a level. Its words are those
// that Kubernetes' users know, singular and plural included.

import { everyContainer } from '../defaults/pod-spec.ts';
import type { Container, Pod, PodSpec, SecurityContext } from '../generated/core-v1.types.ts';

export type Level = 'privileged' | 'baseline' | 'restricted';

/** A pod, or the template of one. */
export interface PodLike {
  metadata?: Pick<Pod['metadata'], 'annotations'> | undefined;
  spec: PodSpec;
}

export interface Violation {
  reason: string;
  detail: string;
}

export interface Control {
  id: string;
  level: Exclude<Level, 'privileged'>;
  /** The minor version of the standards that brought it. */
  since: number;
  /** The baseline control that it makes needless where it applies. */
  replaces?: string;
  /** @param minor version of the standards; Infinity for the latest */
  check(pod: PodLike, minor: number): Violation | undefined;
}

export function plural(count: number, one: string, many = `${one}s`): string {
  return count === 1 ? one : many;
}

export function quoted(names: string[]): string {
  return names.map((name) => JSON.stringify(name)).join(', ');
}

/** Each once, in order. */
export function distinct(names: string[]): string[] {
  return [...new Set(names)].sort();
}

/** `container "a"`, `containers "a", "b"`. */
export function containersText(containers: Container[]): string {
  return `${plural(containers.length, 'container')} ${quoted(containers.map(({ name }) => name))}`;
}

/** `pod and container "a"`: who says what must not be said. */
export function settersText(isPod: boolean, containers: Container[], ...others: string[]): string {
  return [...(isPod ? ['pod'] : []), ...(containers.length > 0 ? [containersText(containers)] : []), ...others].join(' and ');
}

export function containersWhere({ spec }: PodLike, test: (context: SecurityContext, container: Container) => boolean): Container[] {
  return everyContainer(spec).filter((container) => test(container.securityContext ?? {}, container));
}

/** Controls of Linux say nothing about pods of Windows, since version 1.25. */
export function isSparedWindows({ spec }: PodLike, minor: number): boolean {
  return minor >= 25 && spec.os?.name === 'windows';
}
