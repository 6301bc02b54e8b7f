// What controllers may do with kinds that users define, which no role could name: the garbage collector and the end of a namespace
// concern them as they do all others, and autoscalers scale what can be scaled.
import type { KindDefinition } from '@berth/machinery';
import { componentUsers } from '../component-users.ts';
import type { KindsByName } from '../kinds-by-name.ts';
import type { User } from '../types.ts';
import type { PolicyRule } from './policy-rules.ts';
import { read, rule } from './rule-shorthand.ts';

export class CustomResourceRules {
  readonly #kinds: KindsByName;
  #made: { of: readonly KindDefinition[]; rules: PolicyRule[] } = { of: [], rules: [] };

  constructor(kinds: KindsByName) {
    this.#kinds = kinds;
  }

  heldBy(user: User): PolicyRule[] {
    if (user.name !== componentUsers.controllerManager.name) return [];
    const { all } = this.#kinds;
    if (this.#made.of !== all) {
      const custom = all.filter((kind) => kind.readContent);
      const rules = custom.flatMap(({ group, plural, subresources }) => [
        rule([...read, 'update', 'patch', 'delete'], group, [plural]),
        ...(subresources.scale ? [rule(['get', 'update', 'patch'], group, [`${plural}/scale`])] : []),
      ]);
      this.#made = { of: all, rules };
    }
    return this.#made.rules;
  }
}
