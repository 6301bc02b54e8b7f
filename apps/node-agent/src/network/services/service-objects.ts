// Services with their slices, and which of them have changed since the last look: found by comparing objects, as these are never changed, only
// replaced. Most looks find one.
import type { EndpointSlice, Service } from '@berth/api';
import { serviceOfSlice } from '../endpoints.ts';

interface Known {
  service: Service | undefined;
  slices: EndpointSlice[];
}

export class ServiceObjects {
  readonly #byName = new Map<string, Known>();
  #services: ReadonlySet<Service> = new Set();
  #slices: ReadonlySet<EndpointSlice> = new Set();

  /** @returns names of those that have come, changed or gone, themselves or by their slices: `namespace/name` */
  update(services: readonly Service[], slices: readonly EndpointSlice[]): Set<string> {
    const changed = new Set<string>();
    const [hadServices, hadSlices] = [this.#services, this.#slices];
    this.#services = new Set(services);
    this.#slices = new Set(slices);
    const known = (name: string): Known => {
      changed.add(name);
      const found = this.#byName.get(name) ?? { service: undefined, slices: [] };
      this.#byName.set(name, found);
      return found;
    };
    for (const service of hadServices) if (!this.#services.has(service)) known(nameOf(service)).service = undefined;
    for (const service of this.#services) if (!hadServices.has(service)) known(nameOf(service)).service = service;
    for (const slice of hadSlices) {
      if (this.#slices.has(slice)) continue;
      const found = known(serviceOfSlice(slice));
      found.slices = found.slices.filter((each) => each !== slice);
    }
    for (const slice of this.#slices) if (!hadSlices.has(slice)) known(serviceOfSlice(slice)).slices.push(slice);
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
