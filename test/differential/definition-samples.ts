// Definitions of kinds, with schemas that use most of what there is to say. The names fit the number of the scenario, so that every
// definition is one of its own.
import type { Random } from '@berth/telemetry';

type Part = Record<string, unknown>;

const text = { type: 'string' };
const count = { type: 'integer', format: 'int32', minimum: 0, maximum: 100, default: 1 };
const intOrString = { 'x-kubernetes-int-or-string': true, anyOf: [{ type: 'integer' }, { type: 'string' }], pattern: '^[0-9]+%?$' };

const spec = {
  type: 'object',
  description: 'What is asked for.',
  required: ['schedule'],
  properties: {
    schedule: { ...text, minLength: 1, maxLength: 64, pattern: '^[a-z*/0-9 ]+$', default: 'a' },
    replicas: count,
    mode: { ...text, enum: ['Fast', 'Slow'], default: 'Fast' },
    share: { type: 'number', multipleOf: 0.5, exclusiveMinimum: true, minimum: 0 },
    size: intOrString,
    at: { ...text, format: 'date-time', nullable: true },
    labels: { type: 'object', additionalProperties: { ...text, maxLength: 63 }, maxProperties: 8, default: { a: 'b' } },
    anything: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
    ports: {
      type: 'array',
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['port', 'protocol'],
      maxItems: 10,
      items: {
        type: 'object',
        required: ['port'],
        properties: { port: { type: 'integer' }, protocol: { ...text, default: 'TCP' }, name: text },
      },
    },
    tags: { type: 'array', 'x-kubernetes-list-type': 'set', items: text, default: ['a', 'b'] },
    place: {
      type: 'object',
      'x-kubernetes-map-type': 'atomic',
      properties: { zone: text, rack: { type: 'integer' } },
      oneOf: [{ required: ['zone'] }, { required: ['rack'] }],
      default: { zone: 'a' },
    },
    object: {
      type: 'object',
      'x-kubernetes-embedded-resource': true,
      'x-kubernetes-preserve-unknown-fields': true,
      properties: { metadata: { type: 'object', properties: { name: { ...text, default: 'a' } } } },
    },
  },
};

const status = { type: 'object', properties: { replicas: { type: 'integer' }, ready: { type: 'boolean' }, selector: text } };
const rich = {
  type: 'object',
  properties: { spec, status, metadata: { type: 'object', properties: { name: { ...text, maxLength: 40 } } } },
};
const narrow = {
  type: 'object',
  properties: { spec: { type: 'object', properties: { a: text, b: { type: 'array', items: text } } } },
  allOf: [{ properties: { spec: { properties: { a: { minLength: 2 } }, required: ['a'] } } }],
  not: { properties: { spec: { properties: { b: { items: { maxLength: 1 } } } } } },
};
const plain = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };

const version = (name: string, storage: boolean, schema: Part, more: Part = {}): Part => ({
  name,
  served: true,
  storage,
  schema: { openAPIV3Schema: schema },
  ...more,
});

const subresources = {
  status: {},
  scale: { specReplicasPath: '.spec.replicas', statusReplicasPath: '.status.replicas', labelSelectorPath: '.status.selector' },
};
const columns = [
  { name: 'Schedule', type: 'string', jsonPath: '.spec.schedule' },
  { name: 'Replicas', type: 'integer', format: 'int32', priority: 1, description: 'How many', jsonPath: '.spec.replicas' },
];
const webhook = {
  strategy: 'Webhook',
  webhook: {
    conversionReviewVersions: ['v1', 'v1beta1'],
    clientConfig: { service: { namespace: 'default', name: 'convert', path: '/convert' } },
  },
};

const parts: Part[] = [
  {
    versions: [
      version('v1', true, rich, { subresources, additionalPrinterColumns: columns, selectableFields: [{ jsonPath: '.spec.mode' }] }),
    ],
  },
  { versions: [version('v1', true, narrow)] },
  {
    versions: [version('v1', true, plain), version('v1beta1', false, rich, { deprecated: true, deprecationWarning: 'old' })],
    conversion: webhook,
  },
  { versions: [version('v1', true, rich), version('v2', false, rich, { subresources: { status: {} } })], scope: 'Cluster' },
];

/** A definition's spec and name. */
export function sampleDefinition(number: number, random: Random): { name: string; spec: Part } {
  const part = structuredClone(parts[random.int(parts.length)] as Part);
  const plural = `s${number}s`;
  return {
    name: `${plural}.example.com`,
    spec: { group: 'example.com', scope: 'Namespaced', names: { plural, kind: `S${number}`, shortNames: [`s${number}x`] }, ...part },
  };
}
