// Groups and their versions in the order of their priorities: those of this server, of custom resources and of other servers as one.
import { compareVersions } from '@berth/api';
import type { KindDefinition } from '@berth/machinery';
import type { DiscoveredGroup, DiscoveredVersion } from '../documents/discovery.ts';
import { type AggregatedVersion, type ApiServiceTable, registrationGroup } from './api-service-table.ts';
import type { FarDiscovery } from './far-discovery.ts';
import { builtInPriority, customPriority, type Priority } from './group-priorities.ts';

/** Comes first whatever others ask for. */
const registrationPriority: Priority = { group: 20_001, version: 0 };

interface Placed extends DiscoveredVersion {
  group: string;
  priority: Priority;
}

export function orderedGroups(
  kinds: readonly KindDefinition[],
  table: Pick<ApiServiceTable, 'get' | 'aggregated'>,
  far: Pick<FarDiscovery, 'of'>,
): DiscoveredGroup[] {
  const versions = new Map<string, Placed>();
  for (const kind of kinds) {
    const { group, version } = kind;
    const known = versions.get(`${version}.${group}`);
    if (known) known.kinds.push(kind);
    else versions.set(`${version}.${group}`, { group, version, kinds: [kind], priority: placeOf(group, version, table) });
  }
  for (const { name, group, version } of table.aggregated) {
    versions.set(name, { group, version, kinds: [], far: far.of(name), priority: placeOf(group, version, table) });
  }
  const groups = Map.groupBy(versions.values(), ({ group }) => group);
  return [...groups].sort(byPriority).map(([name, found]) => ({
    name,
    versions: found
      .sort(byVersion)
      .map(({ version, kinds: own, far: others }) => ({ version, kinds: own, ...(others && { far: others }) })),
  }));
}

function placeOf(group: string, version: string, table: Pick<ApiServiceTable, 'get'>): Priority {
  if (group === registrationGroup) return registrationPriority;
  const spec = table.get(`${version}.${group}`)?.spec;
  if (spec) return { group: spec.groupPriorityMinimum, version: spec.versionPriority };
  return builtInPriority(group, version) ?? customPriority;
}

function byPriority([one, ones]: [string, Placed[]], [other, others]: [string, Placed[]]): number {
  return highest(others) - highest(ones) || (one < other ? -1 : 1);
}

function highest(versions: Placed[]): number {
  return Math.max(...versions.map(({ priority }) => priority.group));
}

function byVersion(one: Placed, other: Placed): number {
  return other.priority.version - one.priority.version || compareVersions(one.version, other.version);
}

export function pathOf({ group, version }: AggregatedVersion): string {
  return group === '' ? `api/${version}` : `apis/${group}/${version}`;
}
