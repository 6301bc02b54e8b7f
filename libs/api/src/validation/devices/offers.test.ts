// What is offered: classes and slices, as kube-apiserver 1.35 validates it (pkg/apis/resource/validation): each rule, with its field and words.
import { describe, expect, test } from 'vitest';
import { DeviceClass, ResourceSlice } from '../../index.ts';
import { messages } from '../messages.ts';
import { validateDeviceClass } from './class.ts';
import { made, wrong, wrongChange } from './made-for-tests.ts';

describe('classes', () => {
  test('selectors and parameters', () => {
    const opaque = { driver: 'gpu.example.com', parameters: {} };
    expect(
      wrong(DeviceClass, { selectors: [{}], config: [{ opaque }, { opaque: { driver: 'a_b' } }], extendedResourceName: 'cpu' }),
    ).toEqual([
      'spec.selectors[0].cel: Required value',
      expect.stringContaining('spec.config[1].opaque.driver: Invalid value: "a_b": a lowercase RFC 1123 subdomain'),
      'spec.config[1].opaque.parameters: Required value',
      'spec.extendedResourceName: Invalid value: "cpu": must be a valid extended resource name',
    ]);
  });

  test('parameters that are there may be as long as they are', () => {
    const config = [{ opaque: { driver: 'gpu.example.com', parameters: { text: 'a'.repeat(10_240) } } }];
    expect(wrong(DeviceClass, { config })).toEqual(['spec.config[0].opaque.parameters: Too long: may not be more than 10240 bytes']);
    expect(wrongChange(DeviceClass, { config }, { config, selectors: [] })).toEqual([]);
  });

  test('expressions are what they are compiled by', () => {
    const selectors = ['good', 'bad', 'dear'].map((expression) => ({ cel: { expression } }));
    const check = (expression: string) =>
      expression === 'bad' ? { invalid: 'why' } : expression === 'dear' ? { forbidden: 'costs' } : undefined;
    const object = made(DeviceClass, { selectors });
    expect(messages(validateDeviceClass(object, undefined, check))).toEqual([
      'spec.selectors[1].cel.expression: Invalid value: "bad": why',
      'spec.selectors[2].cel.expression: Forbidden: costs',
    ]);
  });
});

describe('slices', () => {
  const one = (device: object) => ({ devices: [{ name: 'd', ...device }] });
  const oneOf = 'exactly one of `nodeName`, `nodeSelector`, `allNodes`, `perDeviceNodeSelection` is required';
  const policy = (requestPolicy: object) => one({ allowMultipleAllocations: true, capacity: { memory: { value: '8Gi', requestPolicy } } });
  const memory = 'spec.devices[0].capacity[memory].requestPolicy';
  test.each<[string, object, (string | RegExp)[]]>([
    ['somewhere', { nodeName: undefined }, [`spec: Required value: ${oneOf}`]],
    ['in one way', { allNodes: true }, [`spec: Invalid value: "{\`nodeName\`, \`allNodes\`}": ${oneOf}, but multiple fields are set`]],
    [
      'or not said',
      { nodeName: '', allNodes: false },
      [
        'spec.nodeName: Invalid value: "": must be either unset or set to a non-empty string',
        'spec.allNodes: Invalid value: false: must be either unset or set to true',
        `spec: Required value: ${oneOf}`,
      ],
    ],
    [
      'a pool',
      { pool: { name: 'a//b', resourceSliceCount: 0, generation: -1 } },
      [
        /^spec\.pool\.name: Invalid value: "": a lowercase RFC 1123 subdomain/,
        'spec.pool.resourceSliceCount: Invalid value: 0: must be greater than zero',
        'spec.pool.generation: Invalid value: -1: must be greater than or equal to zero',
      ],
    ],
    ['not too many devices', { devices: Array(129).fill({}) }, ['spec.devices: Too many: 129: must have at most 128 items']],
    [
      'of which with taints fewer',
      { devices: Array(65).fill({ taints: [{}] }) },
      ['spec.devices: Too many: 65: must have at most 64 items'],
    ],
    [
      'attributes of one value',
      one({ attributes: { a: {}, b: { int: 1, bool: true }, 'c-d': { string: 'x'.repeat(65) }, 'x.org/v': { version: '1.02.3' } } }),
      [
        'spec.devices[0].attributes[a]: Invalid value: "": exactly one value must be specified',
        'spec.devices[0].attributes[b]: Invalid value: {"IntValue":1,"BoolValue":true,"StringValue":null,"VersionValue":null}: exactly one value must be specified',
        /^spec\.devices\[0\]\.attributes\[c-d\]: Invalid value: "c-d": a valid C identifier must start/,
        'spec.devices[0].attributes[c-d].string: Too long: may not be more than 64 bytes',
        'spec.devices[0].attributes[x.org/v].version: Invalid value: "1.02.3": must be a string compatible with semver.org spec 2.0.0',
      ],
    ],
    [
      'names of parts',
      one({ attributes: { '/a': { int: 1 }, 'x.org/': { int: 1 } } }),
      [
        'spec.devices[0].attributes[/a]: Invalid value: "": the domain must not be empty',
        'spec.devices[0].attributes[x.org/]: Invalid value: "": the name must not be empty',
      ],
    ],
    [
      'not too many of them',
      one({ attributes: Object.fromEntries(Array.from({ length: 33 }, (_, i) => [`a${i}`, { int: i }])) }),
      ['spec.devices[0]: Invalid value: 33: the total number of attributes and capacities must not exceed 32'],
    ],
    [
      'a place where the slice has it',
      one({ nodeName: 'n1' }),
      [
        'spec.devices[0]: Invalid value: null: `nodeName`, `nodeSelector` and `allNodes` can only be set if `perDeviceNodeSelection` is set to true in the ResourceSlice spec',
      ],
    ],
    [
      'a place where the slice leaves it to devices',
      { nodeName: undefined, perDeviceNodeSelection: true, ...one({}) },
      [
        'spec.devices[0]: Required value: exactly one of `nodeName`, `nodeSelector`, or `allNodes` is required when `perDeviceNodeSelection` is set to true in the ResourceSlice spec',
      ],
    ],
    [
      'policies of what is shared',
      one({ capacity: { memory: { value: '1', requestPolicy: {} } } }),
      [`${memory}: Forbidden: allowMultipleAllocations must be true`],
    ],
    [
      'choices in order',
      policy({ default: '3Gi', validValues: ['2Gi', '1Gi', '9Gi'] }),
      [
        `${memory}.validValues[1]: Invalid value: "1Gi": values must be sorted in ascending order`,
        `${memory}.validValues[2]: Invalid value: "9Gi": option is larger than capacity value: 8Gi`,
        `${memory}.validValues: Invalid value: "3Gi": default value is not valid according to the requestPolicy`,
      ],
    ],
    [
      'a range in steps',
      policy({ default: '1Gi', validRange: { min: '2Gi', max: '9Gi', step: '3Gi' } }),
      [
        `${memory}.validRange.min: Invalid value: "1Gi": default is less than min: 2Gi`,
        `${memory}.validRange.max: Invalid value: "9Gi": max is larger than capacity value: 8Gi`,
        `${memory}.validRange.step: Invalid value: "1Gi": value is not a multiple of a given step (3Gi) from (2Gi)`,
        `${memory}.validRange.step: Invalid value: "9Gi": value is not a multiple of a given step (3Gi) from (2Gi)`,
      ],
    ],
    [
      'conditions for binding',
      one({ bindingConditions: ['a', 'a'] }),
      [
        'spec.devices[0].bindingConditions[1]: Duplicate value: "a"',
        'spec.devices[0].bindingFailureConditions: Invalid value: null: bindingFailureConditions are required to use bindingConditions',
      ],
    ],
    [
      'counters or devices',
      { sharedCounters: [{ name: 'c' }], devices: [] },
      ['spec: Invalid value: "": only one of `sharedCounters` or `devices` is allowed', 'spec.sharedCounters[0].counters: Required value'],
    ],
  ])('%s', (_, spec, expected) => {
    const shown = wrong(ResourceSlice, spec);
    expect(shown).toEqual(expected.map((text) => (text instanceof RegExp ? expect.stringMatching(text) : text)));
  });

  test('driver, pool and node stay', () => {
    const pool = { name: 'other', generation: 2, resourceSliceCount: 1 };
    expect(wrongChange(ResourceSlice, {}, { driver: 'b.org', nodeName: 'n2', pool })).toEqual([
      'spec.pool.name: Invalid value: "other": field is immutable',
      'spec.driver: Invalid value: "b.org": field is immutable',
      'spec.nodeName: Invalid value: "n2": field is immutable',
    ]);
  });

  test('drivers in capitals are warned of', () => {
    expect(ResourceSlice.warnings(made(ResourceSlice, { driver: 'GPU.org' }) as never)).toContain(
      'spec.driver: driver names should be lowercase; "GPU.org" contains uppercase characters',
    );
  });
});
