// The status of a claim as kube-apiserver 1.35 validates it, and what its strategy drops.
import { expect, test } from 'vitest';
import type * as devices from '../../generated/resource-v1.types.ts';
import { ResourceClaim } from '../../index.ts';
import { messages } from '../messages.ts';
import { exactly, made, requests, unknownRequest } from './made-for-tests.ts';

const result = { request: 'a', driver: 'gpu.example.com', pool: 'n1', device: 'gpu-0' };
const user = { resource: 'pods', name: 'p', uid: 'u' };
const allocation = (...results: object[]) => ({ devices: { results } });
const written = (status: object, before: object = {}, metadata: object = {}) => {
  const [object, old] = [made(ResourceClaim, requests(exactly())), made(ResourceClaim, requests(exactly()))];
  Object.assign(object.metadata, metadata);
  return messages(ResourceClaim.validateStatusUpdate({ ...object, status } as never, { ...old, status: before } as never));
};
test.each<[string, object, string[]]>([
  ['nothing allocated', { allocation: {} }, []],
  ['a device', { allocation: allocation(result), reservedFor: [user] }, []],
  ['users of nothing', { reservedFor: [user] }, ['status.reservedFor: Forbidden: may not be specified when `allocated` is not set']],
  [
    'users that are one',
    { allocation: {}, reservedFor: [user, { ...user, name: '' }] },
    ['status.reservedFor[1].name: Required value', 'status.reservedFor[1]: Duplicate value: "u"'],
  ],
  [
    'a device for no request',
    { allocation: allocation({ ...result, request: 'b', pool: '' }) },
    [
      `status.allocation.devices.results[0].request: Invalid value: "b": ${unknownRequest}`,
      'status.allocation.devices.results[0].pool: Required value',
    ],
  ],
  [
    'configuration from nowhere',
    { allocation: { devices: { config: [{ source: 'FromMe', opaque: { driver: 'd', parameters: {} } }] } } },
    ['status.allocation.devices.config[0].source: Unsupported value: "FromMe": supported values: "FromClaim", "FromClass"'],
  ],
  [
    'news of another device',
    { allocation: allocation(result), devices: [{ ...result, device: 'gpu-1' }] },
    [
      'status.devices[0]: Invalid value: {"Driver":"gpu.example.com","Pool":"n1","Device":"gpu-1","ShareID":""}: must be an allocated device in the claim',
    ],
  ],
  [
    'addresses without a prefix, and in another form',
    {
      allocation: allocation(result),
      devices: [{ ...result, networkData: { ips: ['10.9.8.7', '2001:DB8::1/64', '10.9.8.7/24', '::ffff:10.9.8.7/120'] } }],
    },
    [
      'status.devices[0].networkData.ips[0]: Invalid value: "10.9.8.7": must be a valid address in CIDR form, (e.g. 10.9.8.7/24 or 2001:db8::1/64)',
      'status.devices[0].networkData.ips[1]: Invalid value: "2001:DB8::1/64": must be in canonical form ("2001:db8::1/64")',
      'status.devices[0].networkData.ips[3]: Invalid value: "::ffff:10.9.8.7/120": must be in canonical form ("10.9.8.7/24")',
    ],
  ],
  [
    'a share without identity',
    { allocation: allocation({ ...result, shareID: 'x' }, { ...result, shareID: 'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11' }) },
    [
      'status.allocation.devices.results[0].shareID: Invalid value: "x": error validating uid: invalid UUID length: 1',
      'status.allocation.devices.results[1].shareID: Invalid value: "A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11": uid must be in RFC 4122 normalized form, `xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx` with lowercase hexadecimal characters',
    ],
  ],
])('%s', (_, status, expected) => {
  expect(written(status)).toEqual(expected);
});

test('what was allocated stays so, and what goes away gets no new users', () => {
  const [before] = [{ allocation: allocation(result), reservedFor: [user] }];
  expect(written({ allocation: allocation() }, before)).toEqual([
    expect.stringContaining('status.allocation: Invalid value: {"Devices":{"Results":null'),
  ]);
  const deletionTimestamp = '2030-01-01T00:00:00Z';
  expect(written(before, before, { deletionTimestamp })).toEqual([]);
  expect(written({ ...before, reservedFor: [user, { ...user, uid: 'v' }] }, before, { deletionTimestamp })).toEqual([
    'status.reservedFor: Forbidden: new entries may not be added while `deallocationRequested` or `deletionTimestamp` are set',
  ]);
});

test('news of a device goes with its allocation', () => {
  const claim = (status: devices.ResourceClaimStatus) => ({ ...made(ResourceClaim, {}), status }) as unknown as devices.ResourceClaim;
  const next = claim({ devices: [{ ...result, data: {} }] });
  ResourceClaim.strategy.prepareForStatusUpdate?.(next, claim({ allocation: allocation(result) as never }), '');
  expect(next.status).toEqual({});
});
