// What has been allocated for a claim, who uses it, and what drivers say of the devices: written by the scheduler, controllers and
// drivers, each through the status.
import type {
  AllocatedDeviceStatus,
  AllocationResult,
  DeviceRequestAllocationResult,
  NetworkDeviceData,
  ResourceClaim,
  ResourceClaimConsumerReference,
} from '../../generated/resource-v1.types.ts';
import { isEqual } from '../changes.ts';
import { canonicalAddress } from '../cidr.ts';
import { validateConditions } from '../conditions.ts';
import { type FieldError, forbidden, immutable, invalid, notSupported, required, shown, tooLong, tooMany } from '../errors.ts';
import { isIPv4, isIPv6 } from '../ip.ts';
import { utf8Length, validateMetadataUpdate } from '../metadata.ts';
import { nodeSelector } from '../scheduling.ts';
import { driverName } from '../volume-sources.ts';
import { bindingConditions } from './binding-conditions.ts';
import { type RequestNames, references, requestNamesOf, requestReference } from './claim.ts';
import { listOf, setOf } from './lists.ts';
import { label, poolName, uid } from './names.ts';
import { configurationsMax, deviceConfiguration, rawBytesMax, rawObject } from './selectors.ts';

const consumersMax = 256;
const resultsMax = 32;
const conditionsMax = 8;
const addressesMax = 16;
const interfaceNameBytesMax = 256;
const hardwareAddressBytesMax = 128;
const sources = ['FromClaim', 'FromClass'];

export function validateResourceClaimStatus(next: ResourceClaim, old: ResourceClaim): FieldError[] {
  const { allocation, reservedFor = [], devices } = next.status ?? {};
  const allocated = new Set((allocation?.devices?.results ?? []).map(deviceKey));
  return [
    ...validateMetadataUpdate(next, old),
    ...setOf(reservedFor, consumersMax, 'status.reservedFor', consumer, ({ uid: id }) => id ?? ''),
    ...setOf(devices, Number.POSITIVE_INFINITY, 'status.devices', (one, at) => deviceStatus(one, at, allocated), deviceKey, deviceShown),
    ...reservations(next, old),
    ...allocationOnce(allocation, old.status?.allocation, requestNamesOf(next.spec ?? {})),
  ];
}

interface DeviceId {
  driver?: string;
  pool?: string;
  device?: string;
  shareID?: string;
}

/** One share of one device. */
export function deviceKey({ driver = '', pool = '', device = '', shareID = '' }: DeviceId): string {
  return JSON.stringify([driver, pool, device, shareID]);
}

function deviceShown({ driver = '', pool = '', device = '', shareID = '' }: DeviceId): unknown {
  return { Driver: driver, Pool: pool, Device: device, ShareID: shareID };
}

function consumer(reference: ResourceClaimConsumerReference, field: string): FieldError[] {
  return (['resource', 'name', 'uid'] as const).flatMap((key) => (reference[key] ? [] : [required(`${field}.${key}`)]));
}

/** Only what is allocated has users, and a claim that is being deleted gets no new ones. */
function reservations(next: ResourceClaim, old: ResourceClaim): FieldError[] {
  const users = next.status?.reservedFor ?? [];
  if (users.length === 0) return [];
  const field = 'status.reservedFor';
  if (!next.status?.allocation) return [forbidden(field, 'may not be specified when `allocated` is not set')];
  if (!next.metadata.deletionTimestamp) return [];
  const before = old.status?.reservedFor ?? [];
  return users.every((user) => before.some((one) => isEqual(one, user)))
    ? []
    : [forbidden(field, 'new entries may not be added while `deallocationRequested` or `deletionTimestamp` are set')];
}

function allocationOnce(next: AllocationResult | undefined, old: AllocationResult | undefined, known: RequestNames): FieldError[] {
  const field = 'status.allocation';
  if (!next) return [];
  if (old) return isEqual(next, old) ? [] : [invalid(field, shown('resource.v1.AllocationResult', next), immutable)];
  return [
    ...listOf(next.devices?.results, resultsMax, `${field}.devices.results`, (result, at) => allocatedDevice(result, at, known)),
    // Those of the class and those of the claim.
    ...listOf(next.devices?.config, 2 * configurationsMax, `${field}.devices.config`, (config, at) => [
      ...configurationSource(config.source, `${at}.source`),
      ...references(config.requests, `${at}.requests`, known),
      ...deviceConfiguration(config, at),
    ]),
    ...nodeSelector(next.nodeSelector, `${field}.nodeSelector`),
  ];
}

function configurationSource(source: string | undefined, field: string): FieldError[] {
  if (!source) return [required(field)];
  return sources.includes(source) ? [] : [notSupported(field, source, sources)];
}

function allocatedDevice(result: DeviceRequestAllocationResult, field: string, known: RequestNames): FieldError[] {
  return [
    ...requestReference(result.request ?? '', `${field}.request`, known),
    ...driverName(result.driver, `${field}.driver`),
    ...poolName(result.pool, `${field}.pool`),
    ...label(result.device, `${field}.device`),
    ...bindingConditions(result, field),
    ...(result.shareID === undefined ? [] : uid(result.shareID, `${field}.shareID`)),
  ];
}

function deviceStatus(device: AllocatedDeviceStatus, field: string, allocated: Set<string>): FieldError[] {
  const count = device.conditions?.length ?? 0;
  return [
    ...driverName(device.driver, `${field}.driver`),
    ...poolName(device.pool, `${field}.pool`),
    ...label(device.device, `${field}.device`),
    ...(device.shareID === undefined ? [] : uid(device.shareID, `${field}.shareID`)),
    ...(allocated.has(deviceKey(device)) ? [] : [invalid(field, deviceShown(device), 'must be an allocated device in the claim')]),
    ...(count > conditionsMax ? [tooMany(`${field}.conditions`, count, conditionsMax)] : []),
    ...validateConditions(device.conditions, `${field}.conditions`),
    ...(device.data === undefined || device.data === null ? [] : rawObject(device.data, `${field}.data`, rawBytesMax)),
    ...(device.networkData ? networkData(device.networkData, `${field}.networkData`) : []),
  ];
}

function networkData({ interfaceName = '', hardwareAddress = '', ips }: NetworkDeviceData, field: string): FieldError[] {
  return [
    ...(utf8Length(interfaceName) > interfaceNameBytesMax ? [tooLong(`${field}.interfaceName`, interfaceNameBytesMax)] : []),
    ...(utf8Length(hardwareAddress) > hardwareAddressBytesMax ? [tooLong(`${field}.hardwareAddress`, hardwareAddressBytesMax)] : []),
    ...setOf(ips, addressesMax, `${field}.ips`, interfaceAddress, (address) => address),
  ];
}

/** An address with the prefix of its network, in the one way to write it. */
function interfaceAddress(text: string, field: string): FieldError[] {
  const [, address = '', bits = ''] = /^([^/]*)\/(\d{1,3})$/.exec(text) ?? [];
  const isFour = isIPv4(withoutLeadingZeros(address));
  if ((!isFour && !isIPv6(address)) || Number(bits) > (isFour ? 32 : 128)) {
    return [invalid(field, text, 'must be a valid address in CIDR form, (e.g. 10.9.8.7/24 or 2001:db8::1/64)')];
  }
  const canonical = canonicalInterface(withoutLeadingZeros(address), Number(bits));
  return text === canonical ? [] : [invalid(field, text, `must be in canonical form (${JSON.stringify(canonical)})`)];
}

/** Where IPv4 stands within IPv6, it is meant alone. */
function canonicalInterface(address: string, bits: number): string {
  const plain = canonicalAddress(address);
  const [, high = '', low = ''] = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(plain) ?? [];
  if (!high) return `${plain}/${bits}`;
  const halves = [high, low].map((half) => Number.parseInt(half, 16));
  return `${halves.flatMap((half) => [half >> 8, half & 255]).join('.')}/${bits > 32 ? bits - 96 : bits}`;
}

function withoutLeadingZeros(address: string): string {
  return address.includes(':') ? address : address.replaceAll(/\b0+(?=\d)/g, '');
}
