// Objects that are stored, of any kind: the resource behind all built-in kinds and those that users define.

import type { Applies } from './apply.ts';
import { requireName } from './call-checks.ts';
import type { Deletion } from './deletion.ts';
import { answer } from './object-answer.ts';
import type { Reads } from './reads.ts';
import type { Resource } from './resource.ts';
import type { Writes } from './writes.ts';

export interface StoredObjectsOptions {
  reads: Reads;
  writes: Writes;
  applies: Applies;
  deletion: Deletion;
}

/** With methods for everything. */
export type StoredObjects = Required<Omit<Resource, 'connect' | 'pass'>>;

export function storedObjects({ reads, writes, applies, deletion }: StoredObjectsOptions): StoredObjects {
  return {
    get: async (call, settings) => answer(await reads.get(call.kind, call.namespace, requireName(call), settings.resourceVersion), 200, []),
    list: (call, settings) => reads.list(call, settings),
    watch: (call, settings) => reads.watch(call, settings),
    create: (call, body, settings) => writes.create(call, body, settings),
    update: (call, body, settings, authorizeCreate) => writes.update(call, body, settings, authorizeCreate),
    patch: (call, type, patch, settings) => writes.patch(call, type, patch, settings),
    apply: (call, configuration, settings, authorizeCreate) => applies.apply(call, configuration, settings, authorizeCreate),
    delete: (call, settings) => deletion.delete(call, settings),
    deleteCollection: async (call, selectors, settings) => {
      const found = await reads.list(call, selectors);
      const objects = found.entries.map((entry) => entry.object);
      return { ...found, warnings: await deletion.deleteAll(call, objects, settings) };
    },
  };
}

/** The status of objects, which is a part of them: it comes and goes with its object. */
export function statusOf({ get, update, patch, apply }: StoredObjects): Resource {
  return { get, update, patch, apply };
}
