// Rules in CEL, as far as they can be looked at without compiling them.
import type { ValidationRule } from '../../generated/apiextensions-v1.types.ts';
import { each, type FieldError, invalid, notSupported, required } from '../errors.ts';
import { findField } from './field-path.ts';
import type { Schema } from './schema-shape.ts';
import { unsupportedPart } from './structural.ts';

const reasons = ['FieldValueDuplicate', 'FieldValueForbidden', 'FieldValueInvalid', 'FieldValueRequired'];

export function validateRules(schema: Schema, field: string): FieldError[] {
  const rules = schema['x-kubernetes-validations'] ?? [];
  const hasPaths = rules.some(({ fieldPath }) => fieldPath) && unsupportedPart(schema) === undefined;
  return each(rules, `${field}.x-kubernetes-validations`, (rule, at) => validateRule(rule, hasPaths ? schema : undefined, at));
}

/** @param schema that the rule's path leads through, when it can be followed */
function validateRule(given: Partial<ValidationRule>, schema: Schema | undefined, field: string): FieldError[] {
  const { messageExpression = '', reason, fieldPath = '' } = given;
  const errors = texts(given, field);
  if (messageExpression && !messageExpression.trim())
    errors.push(required(`${field}.messageExpression`, 'messageExpression must be non-empty if specified'));
  if (reason !== undefined && !reasons.includes(reason)) errors.push(notSupported(`${field}.reason`, reason, reasons));
  if (!fieldPath) return errors;
  const at = `${field}.fieldPath`;
  if (!fieldPath.trim()) errors.push(invalid(at, fieldPath, 'must be non-empty if specified'));
  if (hasLineBreak(fieldPath)) errors.push(invalid(at, fieldPath, 'must not contain line breaks'));
  if (schema && 'error' in findField(fieldPath, schema)) errors.push(invalid(at, fieldPath, 'must be a valid path'));
  return errors;
}

/** The first thing wrong with the rule and its message. */
function texts({ rule = '', message = '' }: Partial<ValidationRule>, field: string): FieldError[] {
  const expression = rule.trim();
  const text = message.trim();
  if (!expression) return [required(`${field}.rule`, 'rule is not specified')];
  if (message && !text) return [invalid(`${field}.message`, message, 'must be non-empty if specified')];
  if (hasLineBreak(text)) return [invalid(`${field}.message`, message, 'must not contain line breaks')];
  if (hasLineBreak(expression) && !text) return [required(`${field}.message`, 'message must be specified if rule contains line breaks')];
  return [];
}

function hasLineBreak(text: string): boolean {
  return /[\n\r]/.test(text);
}
