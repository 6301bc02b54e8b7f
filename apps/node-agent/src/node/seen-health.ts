// What a node's health was when it was looked at last: pods are admitted by what their runtime can do, which nobody waits to be told.
import type { NodeHealth } from './node-object.ts';

export class SeenHealth {
  readonly #ask: () => Promise<NodeHealth>;
  #last: NodeHealth | undefined;

  constructor(ask: () => Promise<NodeHealth>) {
    this.#ask = ask;
  }

  async look(): Promise<NodeHealth> {
    this.#last = await this.#ask();
    return this.#last;
  }

  /** @throws Error where nobody has looked yet */
  get last(): NodeHealth {
    if (!this.#last) throw new Error('the node was not looked at yet');
    return this.#last;
  }
}
