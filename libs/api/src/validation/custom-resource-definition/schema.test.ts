// Schemas that Kubernetes refuses, with the causes it names: fields and messages are those of kube-apiserver 1.35.4.
import { describe, expect, it, test } from 'vitest';
import type { JSONSchemaProps } from '../../generated/apiextensions-v1.types.ts';
import { causes, definition, label, version, withSchema, withSpec } from './definitions-for-tests.ts';
import { patternSteps } from './pattern.ts';

const schemaField = 'spec.validation.openAPIV3Schema';
const specField = `${schemaField}.properties[spec]`;

describe('structural schemas', () => {
  it.each<[JSONSchemaProps, string[]]>([
    [{}, [`${specField}.type: Required value: must not be empty for specified object fields`]],
    [{ type: 'array' }, [`${specField}.items: Required value: must be specified`]],
    [
      { type: 'text' },
      [`${specField}.type: Unsupported value: "text": supported values: "array", "boolean", "integer", "number", "object", "string"`],
    ],
    [
      { type: 'object', properties: { a: { type: 'string' } }, additionalProperties: false },
      [`${specField}.additionalProperties: Forbidden: additionalProperties and properties are mutual exclusive`],
    ],
    [
      { type: 'object', anyOf: [{ type: 'object', description: 'x', properties: { metadata: {} } }] },
      [
        `${specField}.anyOf[0].description: Forbidden: must be empty to be structural`,
        `${specField}.anyOf[0].properties[metadata]: Forbidden: must not be specified in a nested context`,
        `${specField}.anyOf[0].type: Forbidden: must be empty to be structural`,
      ],
    ],
    [
      { type: 'string', pattern: '[a' },
      [
        expect.stringContaining(
          `${specField}.pattern: Invalid value: "[a": must be a valid regular expression, but isn't: error parsing regexp: missing closing ]`,
        ),
      ],
    ],
    [
      { 'x-kubernetes-int-or-string': true, anyOf: [{ type: 'string' }, { type: 'integer' }] },
      [
        `${specField}.anyOf[0].type: Forbidden: must be empty to be structural`,
        `${specField}.anyOf[1].type: Forbidden: must be empty to be structural`,
      ],
    ],
    [
      { type: 'object', 'x-kubernetes-embedded-resource': true },
      [
        `${specField}.properties: Required value: must not be empty if x-kubernetes-embedded-resource is true without x-kubernetes-preserve-unknown-fields`,
      ],
    ],
    [
      { type: 'object', 'x-kubernetes-preserve-unknown-fields': false },
      [`${specField}.x-kubernetes-preserve-unknown-fields: Invalid value: false: must be true or undefined`],
    ],
    [{ type: 'array', items: [{ type: 'string' }] }, [`${specField}.items: Forbidden: items must be a schema object and not an array`]],
    [
      { type: 'array', uniqueItems: true, items: { type: 'string' } },
      [`${specField}.uniqueItems: Forbidden: uniqueItems cannot be set to true since the runtime complexity becomes quadratic`],
    ],
    [
      {
        type: 'array',
        'x-kubernetes-list-type': 'map',
        'x-kubernetes-list-map-keys': ['a', 'b'],
        items: { type: 'object', nullable: true, properties: { a: { type: 'object', nullable: true } } },
      },
      [
        `${specField}.items.properties[a].type: Invalid value: "object": must be a scalar type if parent array's x-kubernetes-list-type is map`,
        `${specField}.x-kubernetes-list-map-keys: Invalid value: ["a","b"]: entries must all be names of item properties`,
        `${specField}.items.nullable: Forbidden: cannot be nullable when x-kubernetes-list-type is map`,
        `${specField}.items.properties[a].default: Required value: this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property`,
        `${specField}.items.properties[a].nullable: Forbidden: this property is in x-kubernetes-list-map-keys, so it cannot be nullable`,
      ],
    ],
    [
      { type: 'object', 'x-kubernetes-validations': [{ rule: ' ' }, { rule: 'a\nb' }, { rule: 'a', fieldPath: '.b', reason: 'Odd' }] },
      [
        `${specField}.x-kubernetes-validations[0].rule: Required value: rule is not specified`,
        `${specField}.x-kubernetes-validations[1].message: Required value: message must be specified if rule contains line breaks`,
        `${specField}.x-kubernetes-validations[2].reason: Unsupported value: "Odd": supported values: "FieldValueDuplicate", "FieldValueForbidden", "FieldValueInvalid", "FieldValueRequired"`,
        `${specField}.x-kubernetes-validations[2].fieldPath: Invalid value: ".b": must be a valid path`,
      ],
    ],
  ])('%j', (spec, expected) => {
    expect(causes(withSpec(spec))).toEqual(expected);
  });

  it.each<[JSONSchemaProps, string[]]>([
    [{ type: 'object', nullable: true }, [`${schemaField}.nullable: Forbidden: nullable cannot be true at the root`]],
    [{ type: 'object', $schema: 'x' }, [`${schemaField}: Invalid value: "": OpenAPIV3Schema 'schema' is not supported`]],
    [{ type: 'array', items: { type: 'string' } }, [`${schemaField}.type: Invalid value: "array": must be object at the root`]],
    [
      { type: 'object', allOf: [{ properties: { a: { minLength: 1 } } }] },
      [`${schemaField}.properties[a]: Required value: because it is defined in ${schemaField}.allOf[0].properties[a]`],
    ],
    [
      { type: 'object', properties: { metadata: { type: 'object', properties: { labels: { type: 'object' } } } } },
      [
        `${schemaField}.properties[metadata]: Forbidden: must not specify anything other than name and generateName, but metadata is implicitly specified`,
      ],
    ],
  ])('at the root: %j', (schema, expected) => {
    expect(causes(withSchema(schema))).toEqual(expected);
  });

  test('with a status, a root says less', () => {
    const schema: JSONSchemaProps = { type: 'object', oneOf: [{ required: ['a'] }] };
    expect(causes(withSchema(schema, { subresources: { status: {} } }))).toEqual([
      expect.stringMatching(
        /^spec\.validation\.openAPIV3Schema: Invalid value: \{.*\}: only \[Description Type .* XValidations\] fields are allowed at the root of the schema if the status subresource is enabled$/,
      ),
    ]);
    expect(causes(withSchema(schema))).toEqual([]);
  });

  test('what several versions share has the paths of the whole, what is their own has those of versions', () => {
    const odd = { type: 'object', properties: { a: {} } };
    const detail = 'Required value: must not be empty for specified object fields';
    expect(causes(definition({ versions: [version('v1', {}, odd), version('v2', {}, odd)] }))).toEqual([
      `spec.validation.openAPIV3Schema.properties[a].type: ${detail}`,
    ]);
    expect(causes(definition({ versions: [version('v1', {}), version('v2', {}, odd)] }))).toEqual([
      `spec.versions[1].schema.openAPIV3Schema.properties[a].type: ${detail}`,
    ]);
  });
});

describe('defaults', () => {
  it.each<[JSONSchemaProps, string[]]>([
    [{ type: 'string', default: 'a', maxLength: 1 }, []],
    [{ type: 'integer', default: 'a' }, [`${specField}.default: Invalid value: "string":  in body must be of type integer: "string"`]],
    [
      { type: 'object', default: { a: 1, b: 2 }, properties: { a: { type: 'integer', maximum: 0 } } },
      [
        `${specField}.default: Invalid value: {"a":1,"b":2}: must not have unknown fields`,
        `${specField}.default.a: Invalid value: 1: a in body should be less than or equal to 0`,
      ],
    ],
    [
      { type: 'object', 'x-kubernetes-embedded-resource': true, 'x-kubernetes-preserve-unknown-fields': true, default: { kind: 'A_b' } },
      [
        `${specField}.default.apiVersion: Required value`,
        `${specField}.default.kind: Invalid value: "A_b": may have mixed case, but should otherwise match: ${label}`,
      ],
    ],
  ])('%j', (spec, expected) => {
    expect(causes(withSpec(spec))).toEqual(expected);
  });

  test('names and types of all objects have none', () => {
    const metadata: JSONSchemaProps = { type: 'object', properties: { name: { type: 'string', default: 'a' } } };
    expect(causes(withSchema({ type: 'object', properties: { metadata } }))).toEqual([
      `${schemaField}.properties[metadata].properties[name].default: Forbidden: must not be set in top-level metadata`,
    ]);
    const embedded: JSONSchemaProps = {
      type: 'object',
      'x-kubernetes-embedded-resource': true,
      properties: { metadata: { type: 'object', properties: { name: { type: 'string', default: 'a/b' } } } },
    };
    expect(causes(withSpec(embedded))).toEqual([
      `${specField}.properties[metadata].properties[name].default: Invalid value: "a/b": must result in valid metadata: metadata.name: Invalid value: "a/b": may not contain '/'`,
    ]);
  });
});

describe('schemas that would hold up the server', () => {
  const nested = (depth: number): JSONSchemaProps =>
    depth === 0 ? { type: 'string' } : { type: 'object', properties: { a: nested(depth - 1) } };

  it.each<[string, JSONSchemaProps, RegExp]>([
    [
      'too deep',
      nested(200),
      /^spec\.validation\.openAPIV3Schema\.properties\[spec\](\.properties\[a\])+: Invalid value: must not be nested deeper than \d+ levels$/,
    ],
    [
      'too large',
      { type: 'object', properties: Object.fromEntries(Array.from({ length: 30_000 }, (_, i) => [`f${i}`, { type: 'string' }])) },
      /must not hold more than \d+ schemas in all$/,
    ],
    ['a long pattern', { type: 'string', pattern: 'a?'.repeat(20_000) }, /pattern: Too long/],
    [
      'a pattern that repeats',
      { type: 'string', pattern: '^([a-z]{1000}){0,50}$' },
      /all patterns of a schema together must not be longer/,
    ],
    [
      'keys without end',
      { type: 'array', 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': Array.from({ length: 100_000 }, (_, i) => `k${i}`) },
      /x-kubernetes-list-map-keys: Too many: 100000: must have at most 64 items$/,
    ],
    ['a pattern that RE2 refuses', { type: 'string', pattern: 'a{1001}' }, /pattern: Invalid value: .*invalid repeat count/],
  ])('%s', (_, spec, expected) => {
    expect(causes(withSpec(spec))).toEqual([expect.stringMatching(expected)]);
  });
});

test('steps of patterns are counted as they are compiled', () => {
  const counted = ['abc', 'a{3}b', '(ab){3}', '[a-z]{2,63}', '((a{2}){2,}){3}', 'a{2', '\\(x{2}', '[(]{4}', '(a', ''].map(patternSteps);
  expect(counted).toEqual([3, 4, 9, 63, 21, 3, 3, 4, 1, 0]);
});
