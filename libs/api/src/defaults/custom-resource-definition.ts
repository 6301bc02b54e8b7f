// A definition that names only its kind gets the names that Kubernetes derives from it, and versions that are not converted.
import type { CustomResourceDefinition } from '../generated/apiextensions-v1.types.ts';

const httpsPort = 443;

export function defaultCustomResourceDefinition(definition: CustomResourceDefinition): void {
  const { spec } = definition;
  if (!spec) return;
  const { names } = spec;
  if (names?.kind) {
    names.singular ||= names.kind.toLowerCase();
    names.listKind ||= `${names.kind}List`;
  }
  spec.conversion ??= { strategy: 'None' };
  const service = spec.conversion.webhook?.clientConfig?.service;
  if (service) service.port ??= httpsPort;
  defaultStoredVersions(definition);
}

function defaultStoredVersions(definition: CustomResourceDefinition): void {
  if (definition.status?.storedVersions?.length) return;
  const storage = definition.spec.versions?.find((version) => version.storage);
  if (storage) definition.status = { ...definition.status, storedVersions: [storage.name] };
}
