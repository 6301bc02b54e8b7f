// Desired state on its way to the pods: it waits until the network that it was sent with is configured, however long that takes. What
// waits becomes one state, so that it holds what the node is to have, not everything that ever came. What cannot be applied ends
// nothing: it is logged, and asked for anew with the next session.
import type { DesiredKey, DesiredState } from '@berth/protocol';
import type { Logger } from '@berth/telemetry';

export interface DesiredInboxDeps {
  apply(state: DesiredState): void;
  logger: Pick<Logger, 'error'>;
}

export class DesiredInbox {
  readonly #deps: DesiredInboxDeps;
  #ready: Promise<void> = Promise.resolve();
  #waiting: DesiredState | undefined;
  #isBehind = false;
  #revision = 0;

  constructor(deps: DesiredInboxDeps) {
    this.#deps = deps;
  }

  /** The newest revision of which everything is applied; 0 asks for all. */
  get revision(): number {
    return this.#isBehind ? 0 : this.#revision;
  }

  /** What comes from now on waits for this, too. @param configure never rejects */
  waitFor(configure: () => Promise<void>): void {
    this.#ready = this.#ready.then(configure);
  }

  add(state: DesiredState): void {
    const isFirst = this.#waiting === undefined;
    this.#waiting = this.#waiting ? merged(this.#waiting, state) : state;
    if (isFirst) void this.#applyOnceReady();
  }

  /** Never rejects. */
  async #applyOnceReady(): Promise<void> {
    for (let awaited: Promise<void> | undefined; awaited !== this.#ready; ) {
      awaited = this.#ready;
      await awaited;
    }
    const state = this.#waiting;
    this.#waiting = undefined;
    if (!state) return;
    try {
      this.#deps.apply(state);
      this.#isBehind &&= !state.full;
      this.#revision = state.revision;
    } catch (error) {
      this.#isBehind = true;
      this.#deps.logger.error('desired state could not be applied as a whole; the next session sends all of it', { error });
    }
  }
}

/** What two states, one after the other, come to. */
function merged(earlier: DesiredState, later: DesiredState): DesiredState {
  if (later.full) return later;
  const objects = new Map(earlier.objects.map((object) => [textOf({ kind: object.kind, ...object.metadata }), object]));
  const removed = new Map(earlier.removed.map((key) => [textOf(key), key]));
  for (const key of later.removed) {
    objects.delete(textOf(key));
    removed.set(textOf(key), key);
  }
  for (const object of later.objects) {
    const text = textOf({ kind: object.kind, ...object.metadata });
    removed.delete(text);
    objects.set(text, object);
  }
  // What a full state does not hold is removed by it.
  return {
    revision: later.revision,
    full: earlier.full,
    objects: [...objects.values()],
    removed: earlier.full ? [] : [...removed.values()],
  };
}

function textOf({ kind, namespace = '', name }: Omit<DesiredKey, 'namespace'> & { namespace?: string | undefined }): string {
  return `${kind}/${namespace}/${name}`;
}
