// Conditions in the shape that kinds share, metav1.Condition, where Kubernetes validates them: each type once, with a status, a time
// and a reason that programs can read.
import type { Condition } from '../generated/meta-v1.types.ts';
import { duplicate, each, type FieldError, invalid, invalidAll, notSupported, required, tooLong } from './errors.ts';
import { qualified } from './names.ts';

const reasonBytesMax = 1024;
const messageBytesMax = 32 * 1024;
const statuses = ['False', 'True', 'Unknown'];
const reasonPattern = '[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?';
const reasonRule =
  "a condition reason must start with alphabetic character, optionally followed by a string of alphanumeric characters or '_,:', and must end with an alphanumeric character or '_'";
const reasonExamples = ['my_name', 'MY_NAME', 'MyName', 'ReasonA,ReasonB', 'ReasonA:ReasonB'];
const encoder = new TextEncoder();

export function validateConditions(conditions: Partial<Condition>[] | undefined, field: string): FieldError[] {
  const seen = new Set<string>();
  return each(conditions, field, (condition, path) => {
    const { type = '' } = condition;
    const isRepeated = seen.has(type);
    seen.add(type);
    return [...(isRepeated ? [duplicate(`${path}.type`, type)] : []), ...validateCondition(condition, path)];
  });
}

function validateCondition(condition: Partial<Condition>, path: string): FieldError[] {
  const { type = '', status = '', observedGeneration = 0, lastTransitionTime, message = '' } = condition;
  const errors = invalidAll(`${path}.type`, type, qualified(type));
  if (!statuses.includes(status)) errors.push(notSupported(`${path}.status`, status, statuses));
  if (observedGeneration < 0)
    errors.push(invalid(`${path}.observedGeneration`, observedGeneration, 'must be greater than or equal to zero'));
  if (!lastTransitionTime) errors.push(required(`${path}.lastTransitionTime`));
  errors.push(...reasonErrors(condition.reason ?? '', `${path}.reason`));
  if (encoder.encode(message).length > messageBytesMax) errors.push(tooLong(`${path}.message`, messageBytesMax));
  return errors;
}

function reasonErrors(reason: string, field: string): FieldError[] {
  if (reason === '') return [required(field)];
  const examples = reasonExamples.map((example) => `'${example}'`).join(',  or ');
  const detail = `${reasonRule} (e.g. ${examples}, regex used for validation is '${reasonPattern}')`;
  return [
    ...(new RegExp(`^${reasonPattern}$`).test(reason) ? [] : [invalid(field, reason, detail)]),
    ...(encoder.encode(reason).length > reasonBytesMax ? [tooLong(field, reasonBytesMax)] : []),
  ];
}
