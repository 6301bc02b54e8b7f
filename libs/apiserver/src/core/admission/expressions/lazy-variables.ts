// `variables` of a policy: each is evaluated when an expression first asks for it, and once for a request.

type Outcome = { value: unknown } | { error: unknown };

export class LazyVariables {
  readonly #evaluate: (name: string) => unknown;
  readonly #known = new Map<string, Outcome>();

  /** @param evaluate undefined for what is no variable. @param names what there is */
  constructor(names: Iterable<string>, evaluate: (name: string) => unknown) {
    this.#evaluate = evaluate;
    for (const name of names) Object.defineProperty(this, name, { enumerable: true, get: () => this.#value(name) });
  }

  #value(name: string): unknown {
    const known = this.#known.get(name) ?? this.#outcome(name);
    this.#known.set(name, known);
    if ('error' in known) throw known.error;
    return known.value;
  }

  #outcome(name: string): Outcome {
    try {
      return { value: this.#evaluate(name) };
    } catch (error) {
      return { error };
    }
  }
}
