// Names that definitions of custom resources hold, by group: resources share one room of names, kinds another. Kept as definitions come
// and go, so that looking at one of them does not look at all others.
import type { CustomResourceDefinition } from '@berth/api';

type Names = CustomResourceDefinition['spec']['names'];

interface Rooms {
  /** Name → the definitions that hold it; more than one only until the later is looked at. */
  resources: Map<string, Set<string>>;
  kinds: Map<string, Set<string>>;
}

const empty: Rooms = { resources: new Map(), kinds: new Map() };

export class NamesInUse {
  readonly #groups = new Map<string, Rooms>();
  readonly #held = new Map<string, { group: string; names: Names }>();

  /** @param names that this definition holds from now on; none when undefined */
  hold(definition: string, group: string, names: Names | undefined): void {
    const former = this.#held.get(definition);
    if (former) each(this.#rooms(former.group), former.names, (room, name) => release(room, name, definition));
    this.#held.delete(definition);
    if (!names) return;
    this.#held.set(definition, { group, names });
    each(this.#rooms(group), names, (room, name) => {
      const holders = room.get(name);
      if (holders) holders.add(definition);
      else room.set(name, new Set([definition]));
    });
  }

  /** Whether somebody but this definition holds the name. */
  isTaken(room: keyof Rooms, group: string, name: string, definition: string): boolean {
    const holders = (this.#groups.get(group) ?? empty)[room].get(name);
    return holders !== undefined && (holders.size > 1 || !holders.has(definition));
  }

  #rooms(group: string): Rooms {
    let rooms = this.#groups.get(group);
    if (!rooms) {
      rooms = { resources: new Map(), kinds: new Map() };
      this.#groups.set(group, rooms);
    }
    return rooms;
  }
}

function release(room: Map<string, Set<string>>, name: string, definition: string): void {
  const holders = room.get(name);
  holders?.delete(definition);
  if (holders?.size === 0) room.delete(name);
}

function each({ resources, kinds }: Rooms, names: Names, visit: (room: Map<string, Set<string>>, name: string) => void): void {
  const { plural, singular, shortNames = [], kind, listKind } = names;
  for (const name of new Set([plural, singular, ...shortNames])) if (name) visit(resources, name);
  for (const name of new Set([kind, listKind])) if (name) visit(kinds, name);
}
