// A definition's versions as kinds, which the API serves like its own: pruned, defaulted and validated by their schema. What is
// written is stored in one of them, and converted for the others.
import { apiVersionOf, deepEqual, defineKind, type FieldError, type KindDefinition, type KubeObject } from '@berth/machinery';
import type { CustomResourceDefinition, CustomResourceDefinitionVersion } from '../generated/apiextensions-v1.types.ts';
import { readEmbedded, validateEmbedded } from '../validation/custom-resource-definition/embedded-resource.ts';
import { invalid } from '../validation/errors.ts';
import { validateMetadata, validateMetadataUpdate } from '../validation/metadata.ts';
import { dnsSubdomain } from '../validation/names.ts';
import { customColumns } from './columns.ts';
import { type Converter, conversionOf, unconverted } from './conversion.ts';
import { fillDefaults, hasDefaults, lacksDefaults } from './defaulting.ts';
import { parseJsonPath } from './json-path.ts';
import { messageSchema } from './message-schema.ts';
import { prune, pruneNulls } from './pruning.ts';
import { scaleErrors, scaleMapping, scaleStatusErrors } from './scale.ts';
import { SchemaNode } from './schema-node.ts';
import { propertyOf, type Schema, typeAndMetadata } from './schema-parts.ts';
import { validateLists, validateValue } from './value-validation.ts';

/**
 * What a schema's `x-kubernetes-validations` find wrong.
 * @param path of the value, '' for a whole resource. @param warnings gets what is wrong and was so before
 */
export type RuleValidator = (value: unknown, old: unknown, path: string, warnings?: string[]) => FieldError[];

export interface CustomKindOptions {
  /** Compiles the rules of a schema; undefined when it has none. */
  compileRules?(schema: Schema): RuleValidator | undefined;
  /** What converts the objects of definitions that call a webhook for it. Without it, nothing is converted here. */
  converter?(definition: CustomResourceDefinition): Converter;
}

/** The version that is stored, also when it is not served, and those that are. */
export interface CustomKinds {
  stored: KindDefinition;
  served: KindDefinition[];
}

const refusedWhileTerminating = 'create not allowed while custom resource definition is terminating';

/** Undefined for a definition that is not established. They go by the names that were accepted, whatever it asks for now. */
export function establishedKinds(definition: CustomResourceDefinition, options: CustomKindOptions = {}): CustomKinds | undefined {
  const { spec, status } = definition;
  const isEstablished = status?.conditions?.some(({ type, status: is }) => type === 'Established' && is === 'True');
  if (!isEstablished) return undefined;
  return customKinds({ ...definition, spec: { ...spec, names: status?.acceptedNames ?? spec.names } }, options);
}

/** Another one whenever its kinds are others. */
export function kindsVersion({ metadata, status }: CustomResourceDefinition): string {
  const isDeleted = metadata.deletionTimestamp !== undefined;
  return JSON.stringify([metadata.uid, metadata.generation, isDeleted, status?.acceptedNames]);
}

function customKinds(definition: CustomResourceDefinition, options: CustomKindOptions): CustomKinds {
  const versions = byPriority(definition.spec.versions).map((version) => ({ version, kind: customKind(definition, version, options) }));
  const stored = (versions.find(({ version }) => version.storage) ?? versions[0])?.kind;
  if (!stored) throw new RangeError(`${definition.metadata.name} has no version`);
  if (versions.length > 1) convertible(definition, versions, stored, options.converter?.(definition));
  return { stored, served: versions.filter(({ version }) => version.served).map(({ kind }) => kind) };
}

function customKind(
  definition: CustomResourceDefinition,
  version: CustomResourceDefinitionVersion,
  { compileRules }: CustomKindOptions,
): KindDefinition {
  const { group, scope, names } = definition.spec;
  const schema = schemaOf(version);
  const { status, scale } = (version.subresources ?? {}) as { status?: object; scale?: Parameters<typeof scaleMapping>[0] };
  const id = { group, version: version.name, kind: names.kind };
  const rules = compileRules?.(schema);
  /** Of objects that were let through with some. */
  const warned = new WeakMap<KubeObject, string[]>();
  const validator = { schema, rules, warned };
  const statusSchema = propertyOf(schema, 'status');
  return defineKind<KubeObject>({
    ...id,
    listKind: names.listKind || `${names.kind}List`,
    plural: names.plural,
    singular: names.singular || names.kind.toLowerCase(),
    shortNames: names.shortNames ?? [],
    categories: names.categories ?? [],
    scope: scope === 'Cluster' ? 'Cluster' : 'Namespaced',
    schema: messageSchema(`${group}/${version.name}.${names.kind}`, schema),
    subresources: { ...(status && { status: true as const }), ...(scale && { scale: scaleMapping(scale) }) },
    readContent: (content) => {
      const unknown = prune(schema, content);
      const { unknown: unnamed, refused } = readEmbedded(schema, content);
      return { value: content, unknown: [...unknown, ...unnamed], refused };
    },
    ...(hasDefaults(schema) && { lacksDefaults: (object: KubeObject) => lacksDefaults(SchemaNode.of(schema), object) }),
    openApi: { name: `${reversed(group)}.${version.name}.${names.kind}`, definition: published(id, schema) },
    strategy: {
      hasGeneration: true,
      generationChanged: (next, old) => hasChanged(next, old, status !== undefined),
      requiresVersion: true,
      ...(definition.metadata.deletionTimestamp && { refusesCreate: refusedWhileTerminating }),
    },
    defaults: (object) => {
      const content = object as unknown as Record<string, unknown>;
      pruneNulls(schema, content);
      fillDefaults(schema, content);
    },
    validate: (object, old) => [
      ...validateMetadata(object, { scope: scope === 'Cluster' ? 'Cluster' : 'Namespaced', name: dnsSubdomain }),
      ...validateContent(validator, object, old),
      ...(scale ? scaleErrors(scale, object) : []),
    ],
    validateUpdate: validateMetadataUpdate,
    validateStatusUpdate: (next, old) => [
      ...validateStatus(validator, statusSchema, next, old),
      ...(scale ? scaleStatusErrors(scale, next) : []),
    ],
    warnings: (object) => warned.get(object) ?? [],
    statusWarnings: (object) => warned.get(object) ?? [],
    columns: customColumns(version.additionalPrinterColumns),
    selectableFields: Object.fromEntries((version.selectableFields ?? []).map(({ jsonPath }) => selectable(jsonPath))),
    ...(version.deprecated && { deprecation: version.deprecationWarning ?? `${apiVersionOf(id)} ${names.kind} is deprecated` }),
  });
}

function convertible(
  { spec }: CustomResourceDefinition,
  versions: { version: CustomResourceDefinitionVersion; kind: KindDefinition }[],
  stored: KindDefinition,
  converter: Converter | undefined,
): void {
  const schemas = new Map(versions.map(({ version, kind }) => [kind, schemaOf(version)]));
  const isPlain = spec.conversion?.strategy !== 'Webhook';
  const conversion = conversionOf(stored, schemas, isPlain ? undefined : (converter ?? unconverted));
  for (const { kind } of versions) kind.conversion = conversion;
}

function schemaOf({ schema }: CustomResourceDefinitionVersion): Schema {
  return schema?.openAPIV3Schema ?? { type: 'object' };
}

interface Validator {
  schema: Schema;
  rules: RuleValidator | undefined;
  warned: WeakMap<KubeObject, string[]>;
}

function validateContent(validator: Validator, object: KubeObject, old: KubeObject | undefined): FieldError[] {
  const { schema } = validator;
  return withRules(validator, object, old, [
    ...validateValue(schema, object, '', old),
    ...validateEmbedded(schema, object, ''),
    ...validateLists(schema, object, '', old),
  ]);
}

function validateStatus(validator: Validator, statusSchema: Schema | undefined, next: KubeObject, old: KubeObject): FieldError[] {
  const { status } = next as { status?: unknown };
  if (!statusSchema || status === undefined) return [];
  const { status: before } = old as { status?: unknown };
  return withRules(validator, next, old, [
    ...validateValue(statusSchema, status, 'status', before),
    ...validateLists(validator.schema, { status }, '', { status: before }),
  ]);
}

/** With these, rules would look at what is not there, or is of another type. */
const blocking = new Set<FieldError['type']>(['NotSupported', 'Required', 'TooLong', 'TooMany', 'TypeInvalid']);
const unchecked =
  'some validation rules were not checked because the object was invalid; correct the existing errors to complete validation';

function withRules({ rules, warned }: Validator, object: KubeObject, old: KubeObject | undefined, errors: FieldError[]): FieldError[] {
  if (!rules) return errors;
  if (errors.some(({ type }) => blocking.has(type))) return [...errors, invalid('<nil>', null, unchecked)];
  const warnings: string[] = [];
  const all = [...errors, ...rules(object, old, '', warnings).map((error) => ({ ...error, field: error.field || '<nil>' }))];
  if (warnings.length > 0) warned.set(object, warnings);
  return all;
}

/** All but metadata, and but the status where that is written on its own. */
function hasChanged(next: KubeObject, old: KubeObject, hasStatus: boolean): boolean {
  const content = ({ metadata: _metadata, ...content }: KubeObject) => {
    const { status: _status, ...asked } = content as { status?: unknown };
    return hasStatus ? asked : content;
  };
  return !deepEqual(content(next), content(old));
}

function selectable(jsonPath: string): [string, (object: KubeObject) => string] {
  const read = parseJsonPath(jsonPath);
  return [jsonPath.replace(/^\./, ''), (object) => String(read?.(object)[0] ?? '')];
}

/** As kube-aggregator orders versions: GA before beta before alpha, the higher first; others after, by name. */
function byPriority(versions: CustomResourceDefinitionVersion[]): CustomResourceDefinitionVersion[] {
  return [...versions].sort((a, b) => compareVersions(a.name, b.name));
}

const kubeVersion = /^v([1-9]\d*)(?:(alpha|beta)([1-9]\d*))?$/;

export function compareVersions(a: string, b: string): number {
  const [first, second] = [kubeVersion.exec(a), kubeVersion.exec(b)];
  if (!first || !second) return first ? -1 : second ? 1 : a < b ? -1 : 1;
  const stage = ([, , name]: RegExpExecArray) => (name === undefined ? 2 : name === 'beta' ? 1 : 0);
  return stage(second) - stage(first) || Number(second[1]) - Number(first[1]) || Number(second[3] ?? 0) - Number(first[3] ?? 0);
}

/** `example.com` → `com.example`, as definitions in OpenAPI are called. */
function reversed(group: string): string {
  return group.split('.').reverse().join('.');
}

/** The schema as clients see it: with what every resource has. */
function published(id: { group: string; version: string; kind: string }, schema: Schema): Record<string, unknown> {
  const meta = { $ref: '#/components/schemas/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta' };
  const own = Object.fromEntries(Object.entries(schema.properties ?? {}).filter(([name]) => !typeAndMetadata.has(name)));
  const properties = {
    apiVersion: { type: 'string', description: apiVersionText },
    kind: { type: 'string', description: kindText },
    metadata: { description: metadataText, allOf: [meta] },
    ...own,
  };
  return { ...schema, properties, 'x-kubernetes-group-version-kind': [id] };
}

const conventions = 'https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md';
const apiVersionText = `APIVersion defines the versioned schema of this representation of an object. Servers should convert recognized schemas to the latest internal value, and may reject unrecognized values. More info: ${conventions}#resources`;
const kindText = `Kind is a string value representing the REST resource this object represents. Servers may infer this from the endpoint the client submits requests to. Cannot be updated. In CamelCase. More info: ${conventions}#types-kinds`;
const metadataText = `Standard object's metadata. More info: ${conventions}#metadata`;
