// Definitions that Kubernetes refuses, with the causes it names: fields and messages are those of kube-apiserver 1.35.4.
import { describe, expect, it, test } from 'vitest';
import type { JSONSchemaProps } from '../../generated/apiextensions-v1.types.ts';
import { CustomResourceDefinition } from '../../index.ts';
import { causes, definition, label, version, withSpec } from './definitions-for-tests.ts';

test('a list without versions is shown as what it is', () => {
  const shown = (versions: unknown) => causes(definition({ versions })).find((cause) => cause.startsWith('spec.versions:'));
  expect(shown([])).toBe('spec.versions: Invalid value: []: must have exactly one version marked as storage version');
  expect(shown(undefined)).toBe('spec.versions: Invalid value: null: must have exactly one version marked as storage version');
});

test('finalizers of definitions need no domain', () => {
  expect(causes(definition({}, { finalizers: ['a'] }))).toEqual([]);
});

test('long lists take no longer than they are long', () => {
  const many = Array.from({ length: 100_000 }, (_, i) => `v${i}`);
  const webhook = { conversionReviewVersions: ['v1', ...many.slice(2)], clientConfig: { url: 'https://a' } };
  const given = definition({ conversion: { strategy: 'Webhook', webhook } });
  given.status = { ...given.status, storedVersions: many };
  expect(causes(given, given)).toHaveLength(many.length - 1);
});

test('what operators bring is accepted', () => {
  const spec: JSONSchemaProps = {
    type: 'object',
    required: ['schedule'],
    properties: {
      schedule: { type: 'string', pattern: '^[a-z ]+$', default: 'daily' },
      size: { 'x-kubernetes-int-or-string': true, anyOf: [{ type: 'integer' }, { type: 'string' }] },
      ports: {
        type: 'array',
        'x-kubernetes-list-type': 'map',
        'x-kubernetes-list-map-keys': ['port'],
        items: { type: 'object', required: ['port'], properties: { port: { type: 'integer' } } },
        default: [{ port: 80 }],
      },
      template: { type: 'object', 'x-kubernetes-embedded-resource': true, 'x-kubernetes-preserve-unknown-fields': true },
      labels: { type: 'object', additionalProperties: { type: 'string' } },
    },
    oneOf: [{ required: ['size'] }, { required: ['labels'] }],
    'x-kubernetes-validations': [{ rule: 'self.size > 1', fieldPath: '.ports', reason: 'FieldValueInvalid' }],
  };
  const subresources = { status: {}, scale: { specReplicasPath: '.spec.replicas', statusReplicasPath: '.status.replicas' } };
  const more = { subresources, selectableFields: [{ jsonPath: '.spec.schedule' }] };
  expect(causes(withSpec(spec, more))).toEqual([]);
});

describe('names, versions and the rest', () => {
  it.each([
    [
      { group: '' },
      ['metadata.name: Invalid value: "crontabs.example.com": must be spec.names.plural+"."+spec.group', 'spec.group: Required value'],
    ],
    [{ scope: 'Bogus' }, ['spec.scope: Unsupported value: "Bogus": supported values: "Cluster", "Namespaced"']],
    [
      { names: { plural: 'crontabs', kind: 'Cron_Tab', listKind: 'Cron_Tab' } },
      [
        `spec.names.singular: Invalid value: "cron_tab": ${label}`,
        `spec.names.kind: Invalid value: "Cron_Tab": may have mixed case, but should otherwise match: ${label}`,
        `spec.names.listKind: Invalid value: "Cron_Tab": may have mixed case, but should otherwise match: ${label}`,
        'spec.names.listKind: Invalid value: "Cron_Tab": kind and listKind may not be the same',
      ],
    ],
    [
      { versions: [version('v1', {}), version('v2', { storage: true, served: false, schema: undefined })] },
      [
        'spec.versions[1].schema.openAPIV3Schema: Required value',
        expect.stringMatching(
          /^spec\.versions: Invalid value: \[\{"Name":"v1",.*\}\]: must have exactly one version marked as storage version$/,
        ),
        'status.storedVersions: Invalid value: ["v1"]: must have the storage version v2',
      ],
    ],
    [
      { versions: [version('v1', { deprecationWarning: 'old' })] },
      ['spec.versions[0].deprecationWarning: Invalid value: "old": can only be set for deprecated versions'],
    ],
    [
      { versions: [version('v1', { additionalPrinterColumns: [{ name: 'a', type: 'text', format: 'x', jsonPath: 'spec' }] })] },
      [
        'spec.additionalPrinterColumns[0].type: Invalid value: "text": must be one of boolean,date,integer,number,string',
        'spec.additionalPrinterColumns[0].format: Invalid value: "x": must be one of byte,date,date-time,double,float,int32,int64,password',
        'spec.additionalPrinterColumns[0].JSONPath: Invalid value: "spec": must be a simple json path starting with .',
      ],
    ],
    [
      {
        versions: [version('v1', { subresources: { scale: { specReplicasPath: '.a', statusReplicasPath: '', labelSelectorPath: '.a' } } })],
      },
      [
        'spec.subresources.scale.specReplicasPath: Invalid value: ".a": should be a json path under .spec',
        'spec.subresources.scale.statusReplicasPath: Required value',
        'spec.subresources.scale.labelSelectorPath: Invalid value: ".a": should be a json path under either .spec or .status',
      ],
    ],
    [
      { versions: [version('v1', { selectableFields: [{ jsonPath: '.metadata.name' }, { jsonPath: '.spec' }, { jsonPath: ".a['b']" }] })] },
      [
        'spec.selectableFields[0].jsonPath: Invalid value: ".metadata.name": is an invalid path: does not refer to a valid field',
        'spec.selectableFields[1].jsonPath: Invalid value: ".spec": is an invalid path: does not refer to a valid field',
        'spec.selectableFields[2].jsonPath: Invalid value: ".a[\'b\']": is an invalid path: does not refer to a valid field',
      ],
    ],
    [
      { conversion: { strategy: 'Webhook', webhook: { conversionReviewVersions: ['v2'], clientConfig: { url: 'http://a' } } } },
      [
        'spec.conversion.webhookClientConfig.url: Invalid value: "http": \'https\' is the only allowed URL scheme; desired format: https://host[/path]',
        'spec.conversion.conversionReviewVersions: Invalid value: ["v2"]: must include at least one of v1, v1beta1',
      ],
    ],
    [
      { preserveUnknownFields: true },
      [
        'spec.preserveUnknownFields: Invalid value: true: cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead',
      ],
    ],
  ])('%j', (change, expected) => {
    expect(causes(definition(change))).toEqual(expected);
  });

  test('groups of Kubernetes want an approval', () => {
    const group = { group: 'apps.k8s.io' };
    const name = 'crontabs.apps.k8s.io';
    const approved = (value: string) => causes(definition(group, { name, annotations: { 'api-approved.kubernetes.io': value } }));
    expect(causes(definition(group, { name }))).toEqual([
      'metadata.annotations[api-approved.kubernetes.io]: Required value: protected groups must have approval annotation "api-approved.kubernetes.io", see https://github.com/kubernetes/enhancements/pull/1111',
    ]);
    expect(approved('maybe')).toHaveLength(1);
    expect(approved('unapproved, for now')).toEqual([]);
    expect(approved('https://github.com/kubernetes/enhancements/pull/1')).toEqual([]);
    const unapproved = definition(group, { name });
    expect(causes(unapproved, unapproved)).toEqual([]);
  });
});

describe('updates', () => {
  const established = (given: CustomResourceDefinition): CustomResourceDefinition => ({
    ...given,
    status: { ...given.status, conditions: [{ type: 'Established', status: 'True' }] },
  });

  test('scope and kind stay once it is established, group and plural always', () => {
    const old = definition();
    const next = definition({ scope: 'Cluster', names: { plural: 'crontabs', kind: 'Other' } });
    expect(causes(next, old)).toEqual([]);
    expect(causes(next, established(old))).toEqual([
      'spec.scope: Invalid value: "Cluster": field is immutable',
      'spec.names.kind: Invalid value: "Other": field is immutable',
    ]);
    expect(causes(definition({ group: 'example.org' }), old)).toEqual(['spec.group: Invalid value: "example.org": field is immutable']);
  });

  test('a version that objects were stored as stays', () => {
    const next = definition({ versions: [version('v2', { storage: true })] });
    next.status = { ...next.status, storedVersions: ['v1', 'v2'] };
    expect(causes(next, definition())).toEqual([
      'status.storedVersions[0]: Invalid value: "v1": missing from spec.versions; v1 was previously a storage version, and must remain in spec.versions until a storage migration ensures no data remains persisted in v1 and removes v1 from status.storedVersions',
    ]);
  });

  test('what an older rule let in may stay', () => {
    const many = Array.from({ length: 9 }, (_, i) => ({ jsonPath: `.spec.f${i}` }));
    const properties = Object.fromEntries(many.map((_, i): [string, JSONSchemaProps] => [`f${i}`, { type: 'string' }]));
    const old = withSpec({ type: 'object', properties }, { selectableFields: many });
    expect(causes(old)).toEqual(['spec.selectableFields: Too many: 9: must have at most 8 items']);
    expect(causes(old, old)).toEqual([]);
    const set = withSpec({ type: 'array', 'x-kubernetes-list-type': 'set', items: { type: 'object' } });
    expect(causes(set)).toHaveLength(1);
    expect(causes(set, set)).toEqual([]);
  });
});

test('formats that nothing checks are warned of, once', () => {
  const given = (format: string) =>
    withSpec({ type: 'object', properties: { a: { type: 'string', format }, b: { type: 'string', format } } });
  expect(CustomResourceDefinition.warnings(given('date-time'))).toEqual([]);
  expect(CustomResourceDefinition.warnings(given('colour'))).toEqual(['unrecognized format "colour"']);
  expect(CustomResourceDefinition.warnings(given('colour'), given('colour'))).toEqual([]);
});
