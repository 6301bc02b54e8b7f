// How much of a device's capacity one request may take, where several share the device.
import { isQuantity, parseQuantity, type Quantity } from '@berth/machinery';
import type { CapacityRequestPolicy, CapacityRequestPolicyRange } from '../../generated/resource-v1.types.ts';
import { type FieldError, forbidden, invalid, required } from '../errors.ts';
import { setOf } from './lists.ts';

const choicesMax = 10;

/** @param capacity what the device has of it */
export function requestPolicy(policy: CapacityRequestPolicy, capacity: string, field: string): FieldError[] {
  const { validValues = [], validRange, default: initial } = policy;
  if (validValues.length > 0 && validRange) {
    const rule = 'exactly one policy can be specified, cannot specify "validValues" and "validRange" at the same time';
    return [forbidden(field, rule)];
  }
  const kind = validValues.length > 0 ? 'validValues' : 'validRange';
  if (validValues.length === 0 && !validRange) return [];
  if (initial === undefined) return [required(`${field}.default`, `required when ${kind} is defined`)];
  const amounts = [initial, capacity, ...validValues, ...Object.values(validRange ?? {})];
  // Reading the body refuses what is no quantity.
  if (!amounts.every((text) => isQuantity(text ?? ''))) return [];
  const [given, whole] = [parseQuantity(initial), parseQuantity(capacity)];
  return validRange
    ? range(validRange, given, whole, `${field}.validRange`)
    : choices(validValues.map(parseQuantity), given, whole, `${field}.validValues`);
}

function choices(values: Quantity[], initial: Quantity, capacity: Quantity, field: string): FieldError[] {
  const unsorted = values.flatMap((value, index) => {
    const before = values[index - 1];
    const isAfter = !before || before.compare(value) <= 0;
    return isAfter ? [] : [invalid(`${field}[${index}]`, value.toString(), 'values must be sorted in ascending order')];
  });
  const errors = setOf(
    values,
    choicesMax,
    field,
    (value, at) =>
      value.compare(capacity) > 0 ? [invalid(at, value.toString(), `option is larger than capacity value: ${capacity}`)] : [],
    (value) => String(value.value()),
  );
  const isFound = values.length <= choicesMax && values.some((value) => value.compare(initial) === 0);
  const rule = 'default value is not valid according to the requestPolicy';
  return [...unsorted, ...errors, ...(isFound ? [] : [invalid(field, initial.toString(), rule)])];
}

function range({ min, max, step }: CapacityRequestPolicyRange, initial: Quantity, capacity: Quantity, field: string): FieldError[] {
  if (min === undefined) return [required(`${field}.min`, 'required when validRange is defined')];
  const least = parseQuantity(min);
  const errors: FieldError[] = [];
  const refuse = (name: string, value: Quantity, rule: string) => errors.push(invalid(`${field}.${name}`, value.toString(), rule));
  if (least.compare(capacity) > 0) refuse('min', least, `min is larger than capacity value: ${capacity}`);
  if (initial.compare(least) < 0) refuse('min', initial, `default is less than min: ${least}`);
  const most = max === undefined ? undefined : parseQuantity(max);
  if (most) {
    if (least.compare(most) > 0) refuse('max', least, `min is larger than max: ${most}`);
    if (most.compare(capacity) > 0) refuse('max', most, `max is larger than capacity value: ${capacity}`);
    if (initial.compare(most) > 0) refuse('max', initial, `default is more than max: ${most}`);
  }
  if (step === undefined) return errors;
  const each = parseQuantity(step);
  const first = least.add(each);
  if (first.compare(capacity) > 0) refuse('step', each, `one step ${first} is larger than capacity value: ${capacity}`);
  for (const value of most ? [initial, most] : [initial]) {
    const rule = `value is not a multiple of a given step (${each}) from (${least})`;
    if (!isWholeSteps(value, least, each)) refuse('step', value, rule);
  }
  return errors;
}

/** By whole units, as Kubernetes counts; of a step of nothing, there are none to count. */
function isWholeSteps(value: Quantity, least: Quantity, step: Quantity): boolean {
  const unit = step.value();
  return unit === 0 ? value.compare(least) === 0 : (value.value() - least.value()) % unit === 0;
}
