// Services with their slices, and which of them have changed since the last look: found by comparing objects, as these and the lists of them are
// never changed, only replaced. Most looks find one, in the place of another.
import type { EndpointSlice, Service } from '@berth/api';
import { serviceOfSlice } from '../endpoints.ts';

interface Known {
  service: Service | undefined;
  slices: EndpointSlice[];
}

export class ServiceObjects {
  readonly #byName = new Map<string, Known>();
  #services: readonly Service[] = [];
  #slices: readonly EndpointSlice[] = [];

  /** @returns names of those that have come, changed or gone, themselves or by their slices: `namespace/name` */
  update(services: readonly Service[], slices: readonly EndpointSlice[]): Set<string> {
    const changed = new Set<string>();
    const [ofServices, ofSlices] = [differences(this.#services, services), differences(this.#slices, slices)];
    this.#services = services;
    this.#slices = slices;
    const known = (name: string): Known => {
      changed.add(name);
      const found = this.#byName.get(name) ?? { service: undefined, slices: [] };
      this.#byName.set(name, found);
      return found;
    };
    for (const service of ofServices.gone) known(nameOf(service)).service = undefined;
    for (const service of ofServices.come) known(nameOf(service)).service = service;
    for (const slice of ofSlices.gone) {
      const found = known(serviceOfSlice(slice));
      found.slices = found.slices.filter((each) => each !== slice);
    }
    for (const slice of ofSlices.come) known(serviceOfSlice(slice)).slices.push(slice);
    for (const name of changed) {
      const found = this.#byName.get(name);
      if (found && !found.service && found.slices.length === 0) this.#byName.delete(name);
    }
    return changed;
  }

  names(): string[] {
    return [...this.#byName.keys()];
  }

  of(name: string): Readonly<Known> {
    return this.#byName.get(name) ?? { service: undefined, slices: [] };
  }
}

function nameOf({ metadata: { namespace, name } }: Service): string {
  return `${namespace}/${name}`;
}

/** What only one of the lists has; where many have moved, perhaps also some that both have. */
function differences<T>(before: readonly T[], after: readonly T[]): { gone: readonly T[]; come: readonly T[] } {
  if (before === after) return { gone: [], come: [] };
  if (before.length === after.length) {
    const [gone, come]: [T[], T[]] = [[], []];
    for (const [index, each] of after.entries()) {
      const former = before[index] as T;
      if (each === former) continue;
      gone.push(former);
      come.push(each);
    }
    return { gone, come };
  }
  const [had, has] = [new Set(before), new Set(after)];
  return { gone: before.filter((each) => !has.has(each)), come: after.filter((each) => !had.has(each)) };
}
