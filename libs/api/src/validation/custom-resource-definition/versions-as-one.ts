// Definitions as Kubernetes checks them. Its internal type has a place for what all versions have in common, and what is there
// has the paths of that place: `spec.validation` for the schema of a definition with one version.
import { deepEqual } from '@berth/machinery';
import type {
  CustomResourceColumnDefinition,
  CustomResourceDefinition,
  CustomResourceDefinitionSpec,
  CustomResourceSubresources,
  CustomResourceValidation,
  SelectableField,
} from '../../generated/apiextensions-v1.types.ts';
import { isEqual } from '../changes.ts';
import type { Schema } from './schema-shape.ts';

/** What a version says, or all of them. */
export interface Part {
  /** Of a version. */
  name?: string;
  schema?: CustomResourceValidation;
  subresources?: CustomResourceSubresources;
  additionalPrinterColumns?: CustomResourceColumnDefinition[];
  selectableFields?: SelectableField[];
}

export interface WithVersions {
  spec: CustomResourceDefinitionSpec;
  /** What all versions have in common. */
  common: Part;
  /** What is a version's own; without what is common. */
  versions: Part[];
}

const shared = ['schema', 'subresources', 'additionalPrinterColumns', 'selectableFields'] as const;

export function withVersions({ spec }: CustomResourceDefinition): WithVersions {
  const given = spec.versions ?? [];
  const common: Record<string, unknown> = {};
  const versions = given.map((version) => ({ ...version }) as Record<string, unknown>);
  for (const member of shared) {
    const first = given[0]?.[member];
    if (!given.every((version) => isSame(version[member], first))) continue;
    if (first !== undefined) common[member] = first;
    for (const version of versions) delete version[member];
  }
  return { spec, common, versions };
}

/** Absent and empty lists are the same; an absent struct and an empty one are not. */
function isSame(a: unknown, b: unknown): boolean {
  if (Array.isArray(a ?? b)) return isEqual(a, b);
  return deepEqual(a, b);
}

/** Every schema that a definition has. */
export function schemasOf({ spec }: CustomResourceDefinition): Schema[] {
  return (spec?.versions ?? []).flatMap(({ schema }) => schema?.openAPIV3Schema ?? []);
}
