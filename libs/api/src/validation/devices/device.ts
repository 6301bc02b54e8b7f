// One device: its attributes and capacities, where it is, and taints, counters and conditions that come with it.
import type { Device, DeviceAttribute, DeviceCapacity, DeviceCounterConsumption, DeviceTaint } from '../../generated/resource-v1.types.ts';
import { isEqual } from '../changes.ts';
import { type FieldError, forbidden, invalid, invalidAll, notSupported, required, shown, tooLong } from '../errors.ts';
import { utf8Length } from '../metadata.ts';
import { dnsSubdomain, labelValue, qualified } from '../names.ts';
import { nodeSelector } from '../scheduling.ts';
import { bindingConditions } from './binding-conditions.ts';
import { requestPolicy } from './capacity.ts';
import { taintEffects } from './claim.ts';
import { counterMap } from './counters.ts';
import { listOf, mapOf, setOf } from './lists.ts';
import { label, qualifiedLengthMax, qualifiedName } from './names.ts';

const propertiesMax = 32;
const valueBytesMax = 64;
const taintsMax = 16;
const consumptionsMax = 2;
const keys = { membersMax: Number.POSITIVE_INFINITY, keyLengthMax: qualifiedLengthMax };

/** @param old the device of that name as it was: taints that stay are not looked at again */
export function device(given: Device, old: Device | undefined, field: string, isPlacedByDevice: boolean): FieldError[] {
  const count = Object.keys(given.attributes ?? {}).length + Object.keys(given.capacity ?? {}).length;
  const isShared = given.allowMultipleAllocations === true;
  return [
    ...label(given.name, `${field}.name`),
    ...(count > propertiesMax
      ? [invalid(field, count, `the total number of attributes and capacities must not exceed ${propertiesMax}`)]
      : []),
    ...mapOf(given.attributes, keys, `${field}.attributes`, (key, value, at) => [...qualifiedName(key, at), ...attribute(value, at)]),
    ...mapOf(given.capacity, keys, `${field}.capacity`, (key, value, at) => [...qualifiedName(key, at), ...capacity(value, at, isShared)]),
    ...(old && isEqual(old.taints, given.taints) ? [] : listOf(given.taints, taintsMax, `${field}.taints`, taint)),
    ...setOf(given.consumesCounters, consumptionsMax, `${field}.consumesCounters`, consumption, ({ counterSet }) => counterSet ?? ''),
    ...placement(given, field, isPlacedByDevice),
    ...bindingConditions(given, field),
  ];
}

const number = '(0|[1-9]\\d*)';
const preRelease = '(0|[1-9]\\d*|\\d*[a-zA-Z-][0-9a-zA-Z-]*)';
const build = '[0-9a-zA-Z-]+';
/** Each part stops at a dot, so that no text takes long. */
const version = new RegExp(`^${number}\\.${number}\\.${number}(-${preRelease}(\\.${preRelease})*)?(\\+${build}(\\.${build})*)?$`);

function attribute(given: DeviceAttribute, field: string): FieldError[] {
  const { string: text, version: release } = given;
  const tooLarge = (value: string, at: string) => (utf8Length(value) > valueBytesMax ? [tooLong(at, valueBytesMax)] : []);
  const errors = text === undefined ? [] : tooLarge(text, `${field}.string`);
  if (release !== undefined) {
    const at = `${field}.version`;
    if (!version.test(release)) errors.push(invalid(at, release, 'must be a string compatible with semver.org spec 2.0.0'));
    errors.push(...tooLarge(release, at));
  }
  const count = [given.bool, given.int, text, release].filter((value) => value !== undefined).length;
  if (count === 1) return errors;
  return [...errors, invalid(field, count === 0 ? '' : shown('resource.v1.DeviceAttribute', given), 'exactly one value must be specified')];
}

function capacity({ value, requestPolicy: policy }: DeviceCapacity, field: string, isShared: boolean): FieldError[] {
  if (!policy) return [];
  const at = `${field}.requestPolicy`;
  return isShared ? requestPolicy(policy, value, at) : [forbidden(at, 'allowMultipleAllocations must be true')];
}

function taint({ key = '', value = '', effect }: DeviceTaint, field: string): FieldError[] {
  const errors = invalidAll(`${field}.key`, key, qualified(key));
  if (value) errors.push(...invalidAll(`${field}.value`, value, labelValue(value)));
  if (!effect) errors.push(required(`${field}.effect`));
  else if (!taintEffects.includes(effect)) errors.push(notSupported(`${field}.effect`, effect, taintEffects));
  return errors;
}

function consumption({ counterSet, counters }: DeviceCounterConsumption, field: string): FieldError[] {
  const at = `${field}.counterSet`;
  return [...(counterSet ? label(counterSet, at) : [required(at)]), ...counterMap(counters, `${field}.counters`)];
}

function placement(given: Device, field: string, isPlacedByDevice: boolean): FieldError[] {
  const { nodeName, nodeSelector: selector, allNodes } = given;
  if (!isPlacedByDevice) {
    const rule =
      '`nodeName`, `nodeSelector` and `allNodes` can only be set if `perDeviceNodeSelection` is set to true in the ResourceSlice spec';
    return nodeName !== undefined || selector || allNodes !== undefined ? [invalid(field, null, rule)] : [];
  }
  const errors: FieldError[] = [];
  if (nodeName === '') errors.push(invalid(`${field}.nodeName`, '', 'must not be empty'));
  else if (nodeName !== undefined) errors.push(...invalidAll(`${field}.nodeName`, nodeName, dnsSubdomain(nodeName)));
  errors.push(...nodeSelector(selector, `${field}.nodeSelector`));
  if (allNodes === false) errors.push(invalid(`${field}.allNodes`, false, 'must be either unset or set to true'));
  const names = (['nodeName', 'nodeSelector', 'allNodes'] as const).filter((key) => given[key]).map((key) => `\`${key}\``);
  const rule =
    'exactly one of `nodeName`, `nodeSelector`, or `allNodes` is required when `perDeviceNodeSelection` is set to true in the ResourceSlice spec';
  if (names.length === 0) return [...errors, required(field, rule)];
  return names.length === 1 ? errors : [...errors, invalid(field, `{${names.join(', ')}}`, rule)];
}
