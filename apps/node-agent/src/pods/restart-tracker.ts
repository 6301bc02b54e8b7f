// How often each container of a pod has ended, and what follows: its back-off, and what a waiting container says of itself.
// Each end counts once, however often it is seen.
import type { ContainerInfo } from '@berth/runtime';
import type { Clock } from '@berth/telemetry';
import { BackOff, restartBackOff } from './back-off.ts';
import { type ObservedPod, specHashAnnotation } from './observed.ts';

export class RestartTracker {
  readonly #clock: Clock;
  readonly #backOffs = new Map<string, BackOff>();
  readonly #counted = new Set<string>();
  /** Of the newest instance that ended, by container name. */
  readonly #specHashes = new Map<string, string | undefined>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** @returns instances whose end is news */
  count(observed: ObservedPod): ContainerInfo[] {
    const news: ContainerInfo[] = [];
    for (const [name, instances] of observed.containers) {
      for (const instance of [...instances].reverse()) {
        if (instance.state !== 'exited' || this.#counted.has(instance.id)) continue;
        this.#counted.add(instance.id);
        news.push(instance);
        // The attempt tells how often it ended before this agent was started.
        const backOff = this.#backOffs.get(name) ?? new BackOff(restartBackOff, instance.attempt);
        this.#backOffs.set(name, backOff);
        this.#specHashes.set(name, instance.annotations[specHashAnnotation]);
        // One that could not be started has no start, and ran for no time at all.
        const ranMs = instance.startedAtMs > 0 ? instance.finishedAtMs - instance.startedAtMs : 0;
        backOff.fail(instance.finishedAtMs || this.#clock.now(), ranMs);
      }
    }
    const present = new Set([...observed.containers.values()].flat().map((c) => c.id));
    for (const id of this.#counted) if (!present.has(id)) this.#counted.delete(id);
    return news;
  }

  /** @param specHash what is to be started; another definition than the one that ended starts afresh */
  readyAtMs(container: string, specHash: string): number {
    const ended = this.#specHashes.get(container);
    if (ended !== undefined && ended !== specHash) this.#backOffs.get(container)?.reset();
    return this.#backOffs.get(container)?.readyAtMs ?? 0;
  }

  /** As the kubelet writes a back-off's length: `40s`, `2m40s`. */
  delayText(container: string): string {
    const seconds = Math.round((this.#backOffs.get(container)?.delayMs ?? 0) / 1000);
    return seconds >= 60 ? `${Math.floor(seconds / 60)}m${seconds % 60}s` : `${seconds}s`;
  }
}
