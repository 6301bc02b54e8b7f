// What a request for devices and a class have in common: expressions that select devices, and opaque parameters for a driver.
import type { DeviceConfiguration, DeviceSelector } from '../../generated/resource-v1.types.ts';
import { type FieldError, forbidden, invalid, required, tooLong } from '../errors.ts';
import { utf8Length } from '../metadata.ts';
import { driverName } from '../volume-sources.ts';
import { listOf } from './lists.ts';

export const configurationsMax = 32;
const selectorsMax = 32;
const expressionBytesMax = 10 * 1024;
export const rawBytesMax = 10 * 1024;

/**
 * What is wrong with an expression over `device`: what its compiler says, or that it may take too much. CEL is the API server's;
 * where none is given, expressions are not compiled.
 */
export type ExpressionCheck = (expression: string) => { invalid: string } | { forbidden: string } | undefined;

export function selectors(list: DeviceSelector[] | undefined, field: string, check?: ExpressionCheck): FieldError[] {
  return listOf(list, selectorsMax, field, ({ cel }, path) => {
    if (!cel) return [required(`${path}.cel`)];
    const { expression = '' } = cel;
    const at = `${path}.cel.expression`;
    if (utf8Length(expression) > expressionBytesMax) return [tooLong(at, expressionBytesMax)];
    const found = check?.(expression);
    if (!found) return [];
    return ['invalid' in found ? invalid(at, expression, found.invalid) : forbidden(at, found.forbidden)];
  });
}

/** @param isStored parameters that were there before may be longer */
export function deviceConfiguration({ opaque }: DeviceConfiguration, field: string, isStored = false): FieldError[] {
  if (!opaque) return [required(`${field}.opaque`)];
  return [
    ...driverName(opaque.driver, `${field}.opaque.driver`),
    ...rawObject(opaque.parameters, `${field}.opaque.parameters`, isStored ? Number.POSITIVE_INFINITY : rawBytesMax),
  ];
}

/** Whatever a driver understands, as long as it is an object. */
export function rawObject(value: unknown, field: string, bytesMax: number): FieldError[] {
  if (value === undefined || value === null) return [required(field)];
  if (utf8Length(JSON.stringify(value)) > bytesMax) return [tooLong(field, bytesMax)];
  if (typeof value === 'object' && !Array.isArray(value)) return [];
  return [invalid(field, '<value omitted>', 'must be a valid JSON object')];
}
