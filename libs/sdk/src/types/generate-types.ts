// Types and definitions of a CustomResourceDefinition's kinds, from its schemas: what `berth-sdk types` prints. A version that is not
// stored has its name beside the kind's. Rules and bounds of values are the server's to check, and no types.
import { isRecord } from '@berth/machinery';

export interface Definition {
  spec: {
    group: string;
    scope: string;
    names: { kind: string; plural: string };
    versions: { name: string; storage?: boolean; schema?: { openAPIV3Schema?: unknown }; subresources?: { status?: unknown } }[];
  };
}

/** Levels of a schema; the server takes fewer. */
const depthMax = 100;
const identifier = /^[A-Za-z_$][\w$]*$/;

/** The source text of a module. @param from what the types are made of, for the first line */
export function generateTypes(definitions: readonly Definition[], from: string): string {
  const kinds = definitions.flatMap((definition) => definition.spec.versions.map((version) => kindText(definition, version)));
  return `// Made by berth-sdk types from ${from}: do not edit.\nimport * as sdk from '@berth/sdk';\n${kinds.join('')}`;
}

function kindText({ spec }: Definition, version: Definition['spec']['versions'][number]): string {
  const { group, scope, names } = spec;
  const suffix = version.storage ? '' : pascal(version.name);
  const name = `${pascal(names.kind)}${suffix}`;
  const schema = isRecord(version.schema?.openAPIV3Schema) ? version.schema.openAPIV3Schema : {};
  const parts = Object.entries(isRecord(schema.properties) ? schema.properties : {}).filter(
    ([property]) => !['apiVersion', 'kind', 'metadata'].includes(property),
  );
  const required = namesIn(schema.required);
  const interfaces = parts
    .filter(([, inner]) => isPlainObject(inner))
    .map(([property, inner]) => `\nexport interface ${name}${pascal(property)} ${typeText(inner, 0)}\n`);
  const members = parts.map(([property, inner]) => {
    const type = isPlainObject(inner) ? `${name}${pascal(property)}${nullable(inner)}` : typeText(inner, 1);
    return member(property, type, required.has(property), inner, 1);
  });
  const definition = [
    ...[`group: ${quoted(group)}`, `version: ${quoted(version.name)}`, `kind: ${quoted(names.kind)}`, `plural: ${quoted(names.plural)}`],
    `scope: ${quoted(scope)}`,
    ...(version.subresources?.status ? ['status: true'] : []),
  ];
  return [
    ...interfaces,
    `\n${comment(schema, 0)}export interface ${name} extends sdk.CustomObject {\n${members.join('')}}\n`,
    `\nexport const ${name} = sdk.defineResource<${name}>({\n${definition.map((line) => `  ${line},\n`).join('')}});\n`,
  ].join('');
}

function typeText(schema: unknown, depth: number): string {
  if (!isRecord(schema) || depth > depthMax) return 'unknown';
  return `${plainType(schema, depth)}${nullable(schema)}`;
}

function plainType(schema: Record<string, unknown>, depth: number): string {
  if (schema['x-kubernetes-int-or-string']) return 'number | string';
  if (Array.isArray(schema.enum) && schema.enum.length > 0) {
    return [...new Set(schema.enum.map((value) => (isRecord(value) || Array.isArray(value) ? 'unknown' : literal(value))))].join(' | ');
  }
  switch (schema.type) {
    case 'string':
      return 'string';
    case 'boolean':
      return 'boolean';
    case 'integer':
    case 'number':
      return 'number';
    case 'array': {
      const item = typeText(schema.items, depth);
      return /[ |]/.test(item) && !item.startsWith('{') ? `(${item})[]` : `${item}[]`;
    }
    case 'object':
      return objectType(schema, depth);
    default:
      return 'unknown';
  }
}

function objectType(schema: Record<string, unknown>, depth: number): string {
  const properties = Object.entries(isRecord(schema.properties) ? schema.properties : {});
  const rest = restType(schema, depth);
  const required = namesIn(schema.required);
  const embedded = schema['x-kubernetes-embedded-resource'] ? 'sdk.KubeObject' : '';
  if (properties.length === 0 && rest === undefined) return embedded || '{ [name: string]: never }';
  const members = properties.map(([name, inner]) => member(name, typeText(inner, depth + 1), required.has(name), inner, depth + 1));
  if (rest !== undefined) members.push(`${'  '.repeat(depth + 1)}[name: string]: ${rest};\n`);
  const own = `{\n${members.join('')}${'  '.repeat(depth)}}`;
  return embedded ? `${embedded} & ${own}` : own;
}

/** Of properties that the schema does not name. */
function restType(schema: Record<string, unknown>, depth: number): string | undefined {
  const { additionalProperties } = schema;
  if (additionalProperties === true || schema['x-kubernetes-preserve-unknown-fields']) return 'unknown';
  return isRecord(additionalProperties) ? typeText(additionalProperties, depth + 1) : undefined;
}

function member(name: string, type: string, isRequired: boolean, schema: unknown, depth: number): string {
  const key = identifier.test(name) ? name : quoted(name);
  return `${comment(schema, depth)}${'  '.repeat(depth)}${key}${isRequired ? '' : '?'}: ${type};\n`;
}

function comment(schema: unknown, depth: number): string {
  if (!isRecord(schema) || typeof schema.description !== 'string' || schema.description.trim() === '') return '';
  const indent = '  '.repeat(depth);
  const lines = schema.description
    .trim()
    .replaceAll('*/', '*\\/')
    .split(/\r\n|[\n\r\u2028\u2029]/);
  if (lines.length === 1) return `${indent}/** ${lines[0]} */\n`;
  return `${indent}/**\n${lines.map((line) => `${indent} * ${line}`.trimEnd()).join('\n')}\n${indent} */\n`;
}

/** What an interface of its own is made of. */
function isPlainObject(schema: unknown): schema is Record<string, unknown> {
  return isRecord(schema) && plainType({ ...schema, nullable: false }, 0).startsWith('{');
}

function nullable(schema: Record<string, unknown>): string {
  return schema.nullable === true ? ' | null' : '';
}

function namesIn(value: unknown): Set<unknown> {
  return new Set(Array.isArray(value) ? value : []);
}

function literal(value: unknown): string {
  return typeof value === 'string' ? quoted(value) : JSON.stringify(value);
}

/** As the formatter would. */
function quoted(text: string): string {
  const inner = JSON.stringify(text).slice(1, -1);
  return text.includes("'") ? `"${inner}"` : `'${inner.replaceAll('\\"', '"')}'`;
}

function pascal(text: string): string {
  return text
    .split(/[^A-Za-z0-9]+/)
    .map((part) => part.charAt(0).toUpperCase() + part.slice(1))
    .join('');
}
