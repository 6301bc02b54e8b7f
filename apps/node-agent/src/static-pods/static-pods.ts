// Which pods the node runs by itself: started whatever the control plane says or does, ended when their file goes, and replaced when it
// changes, but never before the older one has ended. In the API each has a mirror, under whose uid its status is reported.
import type { Pod } from '@berth/api';
import type { PodStatusReport } from '@berth/protocol';
import { configMirror } from './mirror-annotation.ts';

export interface StaticPodsDeps {
  start(pod: Pod): void;
  /** `ended` is called once nothing of it is left. */
  remove(uid: string): void;
  /** What runs here under a name since before the agent was started, and is wanted by nobody yet. */
  leftovers(namespace: string, name: string): string[];
}

export class StaticPods {
  readonly #deps: StaticPodsDeps;
  #wanted = new Map<string, Pod>();
  /** Names by uid: started, or left over, and not gone. */
  readonly #running = new Map<string, string>();
  readonly #ending = new Set<string>();

  constructor(deps: StaticPodsDeps) {
    this.#deps = deps;
  }

  pod(namespace: string, name: string): Pod | undefined {
    return this.#wanted.get(`${namespace}/${name}`);
  }

  set(pods: Pod[]): void {
    this.#wanted = new Map(pods.map((pod) => [nameOf(pod), pod]));
    for (const [name, { metadata }] of this.#wanted)
      for (const uid of this.#deps.leftovers(metadata.namespace ?? '', metadata.name))
        if (uid !== metadata.uid) this.#running.set(uid, name);
    const uids = new Set(pods.map(({ metadata }) => metadata.uid));
    for (const uid of [...this.#running.keys()]) {
      if (uids.has(uid) || this.#ending.has(uid)) continue;
      this.#ending.add(uid);
      this.#deps.remove(uid);
    }
    for (const name of this.#wanted.keys()) this.#start(name);
  }

  /** Nothing of a pod, static or not, is left here. */
  ended(uid: string): void {
    const name = this.#running.get(uid);
    this.#ending.delete(uid);
    if (!this.#running.delete(uid) || name === undefined) return;
    this.#start(name);
  }

  /** The report as the API takes it: undefined while it has no mirror. */
  reported(report: PodStatusReport, known: Pod | undefined): PodStatusReport | undefined {
    if (!this.#running.has(report.uid)) return report;
    // The mirror goes with the file, not with what ran.
    return known && this.isMirrorOf(known, report.uid) ? { ...report, uid: known.metadata.uid ?? '', terminated: false } : undefined;
  }

  /** Whether the pod of the API is one that a node made of this static pod. */
  isMirrorOf(mirror: Pod, uid: string): boolean {
    return mirror.metadata.annotations?.[configMirror] === uid;
  }

  #start(name: string): void {
    const pod = this.#wanted.get(name);
    if (!pod || [...this.#running.values()].includes(name)) return;
    this.#running.set(pod.metadata.uid ?? '', name);
    this.#deps.start(pod);
  }
}

function nameOf({ metadata }: Pod): string {
  return `${metadata.namespace}/${metadata.name}`;
}
