// How many pods the quotas of a namespace still let in. The server answers for one; this counts on.
import type { Pod, PodSpec, ResourceQuota } from '@berth/api';
import { podRequests, type Resources, resourcesFrom } from '@berth/scheduling';
import { formatted } from './quantity-text.ts';

interface Room {
  name: string;
  hard: Resources;
  used: Resources;
}

export class QuotaRoom {
  readonly #rooms: Room[];

  /** @param quotas of one namespace; those with scopes are left to the server */
  constructor(quotas: ResourceQuota[]) {
    this.#rooms = quotas
      .filter(({ spec }) => !spec?.scopes?.length && !spec?.scopeSelector)
      .map(({ metadata, spec, status }) => ({ name: metadata.name, hard: byName(spec?.hard), used: byName(status?.used) }));
  }

  /** Takes room for a pod; returns in the server's words why there is none. */
  take(pod: Pod): string | undefined {
    const usage = usageOf(pod);
    for (const { name, hard, used } of this.#rooms) {
      const exceeded = [...usage].filter(
        ([key, amount]) => hard.has(key) && amount > 0 && (used.get(key) ?? 0) + amount > (hard.get(key) ?? 0),
      );
      if (exceeded.length === 0) continue;
      const list = (of: (key: string) => number) => exceeded.map(([key]) => `${key}=${formatted(key, of(key))}`).join(',');
      const said = [
        `requested: ${list((key) => usage.get(key) ?? 0)}`,
        `used: ${list((key) => used.get(key) ?? 0)}`,
        `limited: ${list((key) => hard.get(key) ?? 0)}`,
      ];
      return `exceeded quota: ${name}, ${said.join(', ')}`;
    }
    this.#count(usage, 1);
    return undefined;
  }

  /** A pod goes. */
  giveBack(pod: Pod): void {
    this.#count(usageOf(pod), -1);
  }

  #count(usage: Resources, factor: 1 | -1): void {
    for (const { used } of this.#rooms) for (const [key, amount] of usage) used.set(key, (used.get(key) ?? 0) + factor * amount);
  }
}

/** `requests.cpu` counts as cpu does. */
function byName(quantities: Record<string, string> | undefined): Resources {
  const resources: Resources = new Map();
  for (const [key, value] of Object.entries(quantities ?? {})) {
    const name = key.replace(/^(requests|limits)\./, '');
    resources.set(key, resourcesFrom({ [name]: value }).get(name) ?? 0);
  }
  return resources;
}

function usageOf({ spec }: Pod): Resources {
  const usage: Resources = new Map([
    ['pods', 1],
    ['count/pods', 1],
  ]);
  for (const [name, amount] of podRequests(spec)) {
    usage.set(name, amount);
    usage.set(`requests.${name}`, amount);
  }
  for (const [name, amount] of podRequests(withLimits(spec))) usage.set(`limits.${name}`, amount);
  return usage;
}

function withLimits(spec: PodSpec): PodSpec {
  const swapped = (list: PodSpec['containers']) =>
    list.map((container) => ({ ...container, resources: { requests: container.resources?.limits } }));
  const { initContainers, resources } = spec;
  return {
    ...{ ...spec, overhead: undefined, containers: swapped(spec.containers) },
    ...(initContainers && { initContainers: swapped(initContainers) }),
    ...(resources && { resources: { requests: resources.limits } }),
  };
}
