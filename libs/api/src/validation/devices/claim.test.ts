// The resource group as kube-apiserver 1.35 validates it (pkg/apis/resource/validation): each rule, with its field and words.
import { expect, test } from 'vitest';
import { ResourceClaim, ResourceClaimTemplate } from '../../index.ts';
import { exactly, made, requests, unknownRequest, wrong, wrongChange } from './made-for-tests.ts';

const label = "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an";
test.each<[string, object, string[]]>([
  ['nothing', { devices: {} }, []],
  [
    'one of two',
    requests({ name: 'a' }),
    ['spec.devices.requests[0]: Required value: exactly one of `exactly` or `firstAvailable` is required'],
  ],
  [
    'not both',
    requests({ ...exactly(), firstAvailable: [{ name: 'b', deviceClassName: 'gpu' }] }),
    [
      'spec.devices.requests[0]: Invalid value: null: exactly one of `exactly` or `firstAvailable` is required, but multiple fields are set',
    ],
  ],
  ['a class', requests({ name: 'a', exactly: {} }), ['spec.devices.requests[0].exactly.deviceClassName: Required value']],
  ['each name once', requests(exactly(), exactly()), ['spec.devices.requests[1]: Duplicate value: "a"']],
  [
    'a name',
    requests({ ...exactly(), name: 'A' }),
    [expect.stringContaining(`spec.devices.requests[0].name: Invalid value: "A": ${label}`) as unknown as string],
  ],
  [
    'a count of something',
    requests(exactly({ count: -1 })),
    ['spec.devices.requests[0].exactly.count: Invalid value: -1: must be greater than zero'],
  ],
  [
    'no count of all',
    requests(exactly({ allocationMode: 'All', count: 2 })),
    ["spec.devices.requests[0].exactly.count: Invalid value: 2: must not be specified when allocationMode is 'All'"],
  ],
  [
    'a known mode',
    requests(exactly({ allocationMode: 'Some' })),
    ['spec.devices.requests[0].exactly.allocationMode: Unsupported value: "Some": supported values: "All", "ExactCount"'],
  ],
  ['an expression', requests(exactly({ selectors: [{}] })), ['spec.devices.requests[0].exactly.selectors[0].cel: Required value']],
  [
    'not too long an expression',
    requests(exactly({ selectors: [{ cel: { expression: 'a'.repeat(10_241) } }] })),
    ['spec.devices.requests[0].exactly.selectors[0].cel.expression: Too long: may not be more than 10240 bytes'],
  ],
  [
    'alternatives, each once',
    requests({ name: 'a', firstAvailable: Array(2).fill({ name: 'b', deviceClassName: 'gpu' }) }),
    ['spec.devices.requests[0].firstAvailable[1]: Duplicate value: "b"'],
  ],
  [
    'not too many alternatives',
    requests({ name: 'a', firstAvailable: Array(9).fill({ name: 'b' }) }),
    ['spec.devices.requests[0].firstAvailable: Too many: 9: must have at most 8 items'],
  ],
  ['not too many requests', requests(...Array(33).fill({})), ['spec.devices.requests: Too many: 33: must have at most 32 items']],
  [
    'a constraint on something known',
    { devices: { requests: [exactly()], constraints: [{ requests: ['b', 'a/b/c', 'a'], matchAttribute: 'x' }] } },
    [
      `spec.devices.constraints[0].requests[0]: Invalid value: "b": ${unknownRequest}`,
      `spec.devices.constraints[0].requests[1]: Invalid value: "a/b/c": ${unknownRequest}`,
      'spec.devices.constraints[0].matchAttribute: Invalid value: "x": a fully qualified name must be a domain and a name separated by a slash',
    ],
  ],
  ['an attribute', { devices: { constraints: [{}] } }, ['spec.devices.constraints[0].matchAttribute: Required value']],
  [
    'parameters that are an object',
    {
      devices: {
        requests: [{ name: 'a', firstAvailable: [{ name: 'b', deviceClassName: 'gpu' }] }],
        config: [{ requests: ['a/b', 'a/c'], opaque: { driver: 'Gpu.example.com', parameters: 3 } }, {}],
      },
    },
    [
      `spec.devices.config[0].requests[1]: Invalid value: "a/c": ${unknownRequest}`,
      'spec.devices.config[0].opaque.parameters: Invalid value: "<value omitted>": must be a valid JSON object',
      'spec.devices.config[1].opaque: Required value',
    ],
  ],
  [
    'tolerations',
    requests(exactly({ tolerations: [{ key: 'a', operator: 'Exists', value: 'x', effect: 'Never' }, { operator: 'Some' }] })),
    [
      'spec.devices.requests[0].exactly.tolerations[0].value: Invalid value: "x": must be empty for operator `Exists`',
      'spec.devices.requests[0].exactly.tolerations[0].effect: Unsupported value: "Never": supported values: "NoExecute", "NoSchedule", "None"',
      'spec.devices.requests[0].exactly.tolerations[1].operator: Unsupported value: "Some": supported values: "Equal", "Exists"',
    ],
  ],
])('%s', (_, spec, expected) => {
  expect(wrong(ResourceClaim, spec)).toEqual(expected);
  const inTemplate = expected.map((text) => (typeof text === 'string' ? text.replace('spec.', 'spec.spec.') : expect.anything()));
  expect(wrong(ResourceClaimTemplate, { spec })).toEqual(inTemplate);
});

test('what is asked for stays, and is looked at no more', () => {
  expect(wrongChange(ResourceClaim, requests(exactly()), requests(exactly()))).toEqual([]);
  expect(wrongChange(ResourceClaim, requests(exactly()), requests(exactly({ count: -2 })))).toEqual([
    'spec: Invalid value: {"Devices":{"Requests":[{"Name":"a","Exactly":{"DeviceClassName":"gpu","Selectors":null,"AllocationMode":"ExactCount","Count":-2,"AdminAccess":null,"Tolerations":null,"Capacity":null},"FirstAvailable":null}],"Constraints":null,"Config":null}}: field is immutable',
  ]);
});

test('a template says labels and annotations of its claims, and no more of their metadata', () => {
  expect(wrong(ResourceClaimTemplate, { metadata: { labels: { a: 'b' }, name: 'x', uid: 'u', finalizers: ['a/b'] } })).toEqual([
    'spec.metadata.name: Forbidden: cannot be set',
    'spec.metadata.uID: Forbidden: cannot be set',
    'spec.metadata.finalizers: Forbidden: cannot be set',
  ]);
});

test('by default, one device is asked for', () => {
  const spec = requests(exactly(), { name: 'b', firstAvailable: [{ name: 'c', allocationMode: 'All' }] });
  expect(made(ResourceClaim, spec).spec).toEqual(
    requests(exactly({ allocationMode: 'ExactCount', count: 1 }), {
      name: 'b',
      firstAvailable: [expect.objectContaining({ allocationMode: 'All' })],
    }),
  );
});
