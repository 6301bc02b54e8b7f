// Definitions of kinds whose schemas have thirty fields and five rules, objects of them, and ConfigMaps that are as large.
import type { CustomResourceDefinition } from '@berth/api';
import { sentMark } from './bench-pod.ts';

export const benchGroup = 'bench.example.com';

const strings = Array.from({ length: 16 }, (_, i) => `text${i}`);
const numbers = Array.from({ length: 8 }, (_, i) => `number${i}`);

/** Thirty fields: sixteen texts, eight numbers, and lists, maps and objects with the rest. */
const specSchema = {
  type: 'object',
  required: ['text0'],
  properties: {
    ...Object.fromEntries(strings.map((name) => [name, { type: 'string', maxLength: 64, pattern: '^[a-z0-9. -]*$' }])),
    ...Object.fromEntries(numbers.map((name) => [name, { type: 'integer', minimum: 0, default: 1 }])),
    tags: { type: 'array', maxItems: 20, items: { type: 'string', maxLength: 32 }, 'x-kubernetes-list-type': 'set' },
    limits: { type: 'object', maxProperties: 20, additionalProperties: { type: 'string', maxLength: 16 } },
    mode: { type: 'string', enum: ['fast', 'safe'], default: 'safe' },
    ports: {
      type: 'array',
      maxItems: 20,
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['name'],
      items: {
        type: 'object',
        required: ['name'],
        properties: { name: { type: 'string', maxLength: 16 }, port: { type: 'integer', maximum: 65_535 } },
      },
    },
  },
  'x-kubernetes-validations': [
    { rule: 'self.number0 <= self.number1 + 100', message: 'number0 is too large' },
    { rule: "self.mode == 'safe' || self.number2 > 0" },
    { rule: 'self.ports.all(p, p.port > 0)' },
    { rule: "!has(self.tags) || self.tags.exists(t, t.startsWith('a'))" },
    { rule: 'self.text0 != self.text1', message: 'text0 and text1 must differ' },
  ],
};

export function benchDefinition(plural: string, kind: string): CustomResourceDefinition {
  const openAPIV3Schema = {
    type: 'object',
    properties: { spec: specSchema, status: { type: 'object', properties: { phase: { type: 'string' } } } },
  };
  const versions = [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema }, subresources: { status: {} } }];
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${benchGroup}` },
    spec: { group: benchGroup, scope: 'Namespaced', names: { plural, kind }, versions },
  } as unknown as CustomResourceDefinition;
}

function spec(index: number): object {
  return {
    ...Object.fromEntries(strings.map((name, i) => [name, `value ${i} of ${index}`])),
    ...Object.fromEntries(numbers.map((name, i) => [name, i])),
    tags: ['alpha', 'beta', 'gamma'],
    limits: { cpu: '100m', memory: '128Mi' },
    mode: 'fast',
    ports: [
      { name: 'http', port: 80 },
      { name: 'https', port: 443 },
    ],
  };
}

const metadata = (name: string) => ({ name, labels: { app: 'bench' }, annotations: { 'bench.berth/sent': sentMark(0) } });

export function benchObject(kind: string, name: string, index: number): object {
  return { apiVersion: `${benchGroup}/v1`, kind, metadata: metadata(name), spec: spec(index) };
}

/** As many bytes of data, in as many members as the object has at its top. */
export function benchConfigMap(name: string, index: number): object {
  const data = Object.fromEntries(
    Object.entries(spec(index)).map(([key, value]) => [key, typeof value === 'string' ? value : JSON.stringify(value)]),
  );
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: metadata(name), data };
}
