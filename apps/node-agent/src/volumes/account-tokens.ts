// Tokens of service accounts for the pods of this node: asked for once, kept in memory, and renewed at four fifths of their
// life. One a pod, audience and life, and none for pods that are gone, so their number is bounded by what pods mount.
import type { Pod } from '@berth/api';
import type { AccountToken, AgentLink } from '@berth/protocol';
import type { Clock, Logger, Timer } from '@berth/telemetry';

const dayMs = 24 * 60 * 60 * 1000;
const retryMs = 10_000;

export interface AccountTokensDeps {
  link: Pick<AgentLink, 'accountToken'>;
  clock: Clock;
  logger: Logger;
  /** A token of the pod is to be renewed: get it again. */
  due(uid: string): void;
}

interface Held extends AccountToken {
  renewAtMs: number;
  timer: Timer;
}

export class AccountTokens {
  readonly #deps: AccountTokensDeps;
  /** By pod's uid, then by audience and life. */
  readonly #held = new Map<string, Map<string, Held>>();

  constructor(deps: AccountTokensDeps) {
    this.#deps = deps;
  }

  /** Rejects when there is no token that is still good and none to be had. */
  async get(pod: Pod, audience: string, expirationSeconds: number): Promise<AccountToken> {
    const { namespace = '', name, uid = '' } = pod.metadata;
    const key = JSON.stringify([audience, expirationSeconds]);
    const held = this.#held.get(uid)?.get(key);
    if (held && this.#deps.clock.now() < held.renewAtMs) return held;
    try {
      const fresh = await this.#deps.link.accountToken({ namespace, pod: name, uid, audience, expirationSeconds });
      this.#keep(uid, key, fresh, this.#renewAtMs(fresh.expiresAtMs));
      return fresh;
    } catch (error) {
      if (!held || held.expiresAtMs <= this.#deps.clock.now()) throw error;
      this.#deps.logger.warn('a service account token could not be renewed yet', { namespace, pod: name, error });
      this.#keep(uid, key, held, this.#deps.clock.now() + retryMs);
      return held;
    }
  }

  forget(uid: string): void {
    for (const { timer } of this.#held.get(uid)?.values() ?? []) timer.cancel();
    this.#held.delete(uid);
  }

  stop(): void {
    for (const uid of [...this.#held.keys()]) this.forget(uid);
  }

  #renewAtMs(expiresAtMs: number): number {
    const now = this.#deps.clock.now();
    return now + Math.min(dayMs, Math.max(retryMs, (expiresAtMs - now) * 0.8));
  }

  #keep(uid: string, key: string, token: AccountToken, renewAtMs: number): void {
    const ofPod = this.#held.get(uid) ?? new Map<string, Held>();
    this.#held.set(uid, ofPod);
    ofPod.get(key)?.timer.cancel();
    const timer = this.#deps.clock.after(renewAtMs - this.#deps.clock.now(), () => this.#deps.due(uid));
    ofPod.set(key, { token: token.token, expiresAtMs: token.expiresAtMs, renewAtMs, timer });
  }
}
