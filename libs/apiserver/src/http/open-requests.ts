// Requests and upgrades that are under way, so that each can be called off: when its client has gone, and all of them when the server stops.

export class OpenRequests {
  readonly #open = new Set<AbortController>();

  track(): AbortController {
    const controller = new AbortController();
    this.#open.add(controller);
    return controller;
  }

  /** An answer that is complete has nothing left to call off. */
  untrack(controller: AbortController, isComplete = false): void {
    this.#open.delete(controller);
    if (!isComplete) controller.abort(new Error('the client is gone'));
  }

  stop(): void {
    for (const controller of [...this.#open]) controller.abort(new Error('the server is stopping'));
  }
}
