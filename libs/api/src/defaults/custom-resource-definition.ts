// A definition that names only its kind gets the names that Kubernetes derives from it, and versions that are not converted.
import type { CustomResourceDefinition } from '../generated/apiextensions-v1.types.ts';
import { addStoredVersion } from '../strategies/custom-resource-definition.ts';

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
  if (!definition.status?.storedVersions?.length) addStoredVersion(definition);
}
