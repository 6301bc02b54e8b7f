// A definition remembers every version that objects were ever stored as: what is there in an old version must stay readable.
import type { CustomResourceDefinition } from '../generated/apiextensions-v1.types.ts';

/** Adds the version that objects are stored as from now on to those that they were stored as. */
export function addStoredVersion(definition: CustomResourceDefinition): void {
  const name = storageVersion(definition);
  if (name === undefined) return;
  const stored = definition.status?.storedVersions ?? [];
  if (stored.includes(name)) return;
  definition.status = { ...definition.status, storedVersions: [...stored, name] };
}

/** Undefined when no version is stored, which validation refuses. */
export function storageVersion(definition: CustomResourceDefinition): string | undefined {
  const storage = definition.spec?.versions?.find((version) => version.storage);
  return storage && (storage.name ?? '');
}
