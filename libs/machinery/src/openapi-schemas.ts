// Definitions of types in OpenAPI v3, as Kubernetes generates them from Go: what may be left out has no default, and what is a reference
// and says more stands within `allOf`.
import type { FieldSchema, MessageSchema, ScalarType, TypeSchema } from './schema.ts';

export type OpenApi = Record<string, unknown>;

/** What a type, or one of its fields, is for. */
export type Describe = (message: string, field?: string) => string | undefined;

/** Where types are found by their names, such as `core.v1.Pod`. */
export type FindMessage = (name: string) => MessageSchema;

const gvk = 'x-kubernetes-group-version-kind';
const meta = 'io.k8s.apimachinery.pkg.apis.meta.v1';

/** `core.v1.Pod` → `io.k8s.api.core.v1.Pod`: the names that clients know. */
export function definitionName(message: string): string {
  const [group = '', version, type] = message.split('.');
  if (group === 'version') return 'io.k8s.apimachinery.pkg.version.Info';
  if (group === 'meta') return `io.k8s.apimachinery.pkg.apis.meta.${version}.${type}`;
  if (group === 'apiextensions') return `io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.${version}.${type}`;
  if (group === 'apiregistration') return `io.k8s.kube-aggregator.pkg.apis.apiregistration.${version}.${type}`;
  return `io.k8s.api.${group}.${version}.${type}`;
}

export function reference(name: string): OpenApi {
  return { $ref: `#/components/schemas/${name}` };
}

/** All that one document needs, found by walking from what it names. */
export class Definitions {
  readonly made: Record<string, OpenApi> = {};
  readonly #describe: Describe;
  readonly #find: FindMessage;
  readonly #kindsOf: (message: string) => object[];

  /** @param kindsOf what an object of a type that has a kind may be */
  constructor(describe: Describe, find: FindMessage, kindsOf: (message: string) => object[]) {
    this.#describe = describe;
    this.#find = find;
    this.#kindsOf = kindsOf;
  }

  /** @returns the message itself. @throws RangeError for a name that there is not */
  find(name: string): MessageSchema {
    return this.#find(name);
  }

  knows(name: string): boolean {
    try {
      this.#find(name);
      return true;
    } catch (error) {
      if (error instanceof RangeError) return false;
      throw error;
    }
  }

  describe(message: string, field?: string): string | undefined {
    return this.#describe(message, field);
  }

  /** @param kind what is asked for. @returns what refers to it */
  refer(name: string, kind?: { kind: string }): OpenApi {
    const known = definitionName(name);
    const opaque = opaqueDefinitions[name];
    if (opaque) {
      const kinds = name === 'meta.v1.WatchEvent' && { [gvk]: this.#kindsOf(name) };
      this.made[known] ??= { ...opaque, ...kinds };
      if (name === 'meta.v1.WatchEvent') this.#scalar('RawExtension', undefined);
    } else if (!this.made[known]) this.add(this.#find(name));
    const definition = this.made[known];
    if (definition && name.endsWith(`.${kind?.kind}`)) definition[gvk] ??= [kind];
    return reference(known);
  }

  add(message: MessageSchema): OpenApi {
    const name = definitionName(message.name);
    const known = this.made[name];
    if (known) return known;
    const definition: OpenApi = { ...described(this.#describe(message.name)), type: 'object' };
    this.made[name] = definition;
    const properties: Record<string, OpenApi> = {};
    const required: string[] = [];
    for (const [fieldName, field] of message.byName) {
      properties[fieldName] = this.#property(field, this.#describe(message.name, fieldName));
      if (field.required) required.push(fieldName);
    }
    if (Object.keys(properties).length > 0) definition.properties = properties;
    if (required.length > 0) definition.required = required;
    if (message.fields.some(({ inline, type }) => inline && type === 'meta.v1.TypeMeta')) definition[gvk] = this.#kindsOf(message.name);
    if (message.atomic) definition['x-kubernetes-map-type'] = 'atomic';
    if (message.union) definition['x-kubernetes-unions'] = [unionOf(message, message.union)];
    return definition;
  }

  #property(field: FieldSchema, description: string | undefined): OpenApi {
    const value = this.#type(field.schema, field.enum);
    const preset = field.default ?? (field.pointer ? undefined : zeroOf(field));
    const result: OpenApi = described(description);
    if (preset !== undefined) result.default = preset;
    if (field.patchStrategy) result['x-kubernetes-patch-strategy'] = field.patchStrategy.join(',');
    if (field.patchMergeKey) result['x-kubernetes-patch-merge-key'] = field.patchMergeKey;
    if (field.listType) result['x-kubernetes-list-type'] = field.listType;
    if (field.listMapKeys) result['x-kubernetes-list-map-keys'] = field.listMapKeys;
    if (field.atomic || field.granular) result['x-kubernetes-map-type'] = field.atomic ? 'atomic' : 'granular';
    // A reference stands alone; what is said beside it goes around it.
    return '$ref' in value && Object.keys(result).length > 0 ? { ...result, allOf: [value] } : { ...value, ...result };
  }

  #type(schema: TypeSchema, values: readonly string[] | undefined): OpenApi {
    switch (schema.kind) {
      case 'message':
        return this.refer(schema.message.name);
      case 'list':
        return { type: 'array', items: this.#element(schema.of, values) };
      case 'map':
        return { type: 'object', additionalProperties: this.#element(schema.of, values) };
      default:
        return schema.scalar === 'JSON' ? this.#anything(schema.alternatives) : this.#scalar(schema.scalar, values);
    }
  }

  /** Of a list or map: never absent, so that it has a default. */
  #element(schema: TypeSchema, values: readonly string[] | undefined): OpenApi {
    const value = this.#type(schema, values);
    if (schema.kind === 'message') return { default: {}, allOf: [value] };
    const zero = schema.kind === 'scalar' ? zeros[schema.scalar] : undefined;
    return zero === undefined ? value : { ...value, default: zero };
  }

  /** What definitions of kinds have in the place of a schema. */
  #anything(alternatives: TypeSchema[] = []): OpenApi {
    const list = alternatives.find(({ kind }) => kind === 'list');
    const isOfTexts = list?.kind === 'list' && list.of.kind === 'scalar';
    const name = list
      ? isOfTexts
        ? 'JSONSchemaPropsOrStringArray'
        : 'JSONSchemaPropsOrArray'
      : alternatives.length > 0
        ? 'JSONSchemaPropsOrBool'
        : 'JSON';
    for (const alternative of alternatives) this.#type(alternative, undefined);
    const full = definitionName(`apiextensions.v1.${name}`);
    this.made[full] ??= { description: 'Any JSON, or what its name says.' };
    return reference(full);
  }

  #scalar(scalar: ScalarType, values: readonly string[] | undefined): OpenApi {
    const name = scalarNames[scalar];
    if (!name) return { ...scalars[scalar], ...(values && scalar === 'string' && { enum: values }) };
    const definition = scalarDefinitions[name];
    if (definition) this.made[name] ??= definition;
    return reference(name);
  }
}

function described(description: string | undefined): OpenApi {
  return description === undefined ? {} : { description };
}

function unionOf({ byName }: MessageSchema, discriminator: string): OpenApi {
  const others = [...byName.keys()].filter((name) => name !== discriminator);
  const members = Object.fromEntries(others.map((name) => [name, name.charAt(0).toUpperCase() + name.slice(1)]));
  return { discriminator, 'fields-to-discriminateBy': members };
}

/** What Go has where nothing is given, unless that is left out of JSON. */
function zeroOf({ schema, omitempty }: FieldSchema): unknown {
  if (schema.kind === 'message') return {};
  return schema.kind === 'scalar' && !omitempty ? zeros[schema.scalar] : undefined;
}

const zeros: Partial<Record<ScalarType, unknown>> = { string: '', bool: false, int32: 0, int64: 0, double: 0 };

const scalars: Partial<Record<ScalarType, OpenApi>> = {
  bool: { type: 'boolean' },
  int32: { type: 'integer', format: 'int32' },
  int64: { type: 'integer', format: 'int64' },
  double: { type: 'number', format: 'double' },
  bytes: { type: 'string', format: 'byte' },
  JSON: {},
  string: { type: 'string' },
  Duration: { type: 'string' },
};

const scalarNames: Partial<Record<ScalarType, string>> = {
  Time: `${meta}.Time`,
  MicroTime: `${meta}.MicroTime`,
  FieldsV1: `${meta}.FieldsV1`,
  Quantity: 'io.k8s.apimachinery.pkg.api.resource.Quantity',
  IntOrString: 'io.k8s.apimachinery.pkg.util.intstr.IntOrString',
  RawExtension: 'io.k8s.apimachinery.pkg.runtime.RawExtension',
};

const scalarDefinitions: Record<string, OpenApi> = {
  [`${meta}.Time`]: { type: 'string', format: 'date-time', description: 'A moment in time, RFC 3339.' },
  [`${meta}.MicroTime`]: { type: 'string', format: 'date-time', description: 'A moment in time with microseconds, RFC 3339.' },
  [`${meta}.FieldsV1`]: { type: 'object', description: 'A set of fields, as a trie in JSON.' },
  'io.k8s.apimachinery.pkg.api.resource.Quantity': {
    oneOf: [{ type: 'string' }, { type: 'number' }],
    description: 'A number with a suffix, such as 100m, 64Mi or 1e3.',
  },
  'io.k8s.apimachinery.pkg.util.intstr.IntOrString': {
    oneOf: [{ type: 'integer' }, { type: 'string' }],
    format: 'int-or-string',
    description: 'A whole number or a string, such as a percentage or the name of a port.',
  },
  'io.k8s.apimachinery.pkg.runtime.RawExtension': { type: 'object', description: 'An object of any kind.' },
};

const versionTexts = ['major', 'minor', 'gitVersion', 'gitCommit', 'gitTreeState', 'buildDate', 'goVersion', 'compiler', 'platform'];
const versionMore = ['emulationMajor', 'emulationMinor', 'minCompatibilityMajor', 'minCompatibilityMinor'];

/** What no kind has in it. */
const opaqueDefinitions: Record<string, OpenApi | undefined> = {
  'version.Info': {
    type: 'object',
    description: 'Which build this is.',
    required: versionTexts,
    properties: Object.fromEntries([
      ...versionTexts.map((name) => [name, { type: 'string', default: '' }]),
      ...versionMore.map((name) => [name, { type: 'string' }]),
    ]),
  },
  'meta.v1.WatchEvent': {
    type: 'object',
    description: 'What became of an object, and the object.',
    required: ['type', 'object'],
    properties: {
      object: { allOf: [reference('io.k8s.apimachinery.pkg.runtime.RawExtension')], description: 'A Status where it is an error.' },
      type: { type: 'string', default: '', description: 'ADDED, MODIFIED, DELETED, BOOKMARK or ERROR.' },
    },
  },
  'meta.v1.Patch': { type: 'object', description: 'What changes an object, in the form that its content type names.' },
};
