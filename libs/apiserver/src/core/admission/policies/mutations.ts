// One mutation of a policy and one object: what its expression evaluates to, put into the object as server-side apply does or as a JSON
// patch.

import { schemas } from '@berth/api';
import {
  apiVersionOf,
  applyJsonPatch,
  ConfigurationRefusal,
  isRecord,
  type KubeObject,
  type MessageSchema,
  mergeConfiguration,
  PatchError,
  StatusError,
} from '@berth/machinery';
import { StructValue } from '../../../cel/literal-macros.ts';
import { problem } from '../../body.ts';
import type { DynamicRequest } from '../admission.ts';
import { kindText } from '../expressions/index.ts';
import type { Match } from '../matching/index.ts';
import { type Mutated, takeMutated } from '../mutated-object.ts';
import type { CompiledMutation } from './compiled-mutating-policy.ts';
import { MutationProblem } from './mutation-problem.ts';
import { checkTypeNames, configurationOf, operandOf } from './mutation-values.ts';

/** What is to be changed. */
export interface Mutable {
  request: DynamicRequest;
  match: Match;
  /** In the version that matched. */
  shown: KubeObject;
}

/**
 * Changes `request.object` in place. @param value what the mutation's expression evaluates to @returns whether it is another one now
 * @throws MutationProblem, or a StatusError for what makes no object
 */
export function applyMutation({ patchType }: CompiledMutation, target: Mutable, value: unknown): Promise<boolean> {
  return patchType === 'JSONPatch' ? applyOperations(target, value) : applyConfiguration(target, value);
}

async function applyConfiguration(target: Mutable, value: unknown): Promise<boolean> {
  if (!(value instanceof StructValue)) throw new MutationProblem('unsupported return type from ApplyConfiguration expression');
  checkTypeNames(value);
  const { match, shown } = target;
  const configuration = { ...configurationOf(value), apiVersion: apiVersionOf(match.kind), kind: match.kind.kind };
  const detailed = (detail: string) =>
    StatusError.badRequest(detail.replace(/^json: cannot unmarshal number .* of type (\w+)$/, 'cannot convert float64 to $1'));
  return take(target, merged(target, shown, configuration), {
    reading: { refusedTypes: (error) => detailed(problem(error)), refusedValue: detailed },
    refused: ({ message }) => new MutationProblem(`unable to convert unstructured object to ${kindText(match.kind)}: ${message}`),
  });
}

function merged({ request, match }: Mutable, shown: KubeObject, configuration: object): unknown {
  try {
    return mergeConfiguration(request.bodyKind ? schemaOf(match) : match.resource.schema, shown, configuration);
  } catch (error) {
    throw error instanceof ConfigurationRefusal ? new MutationProblem(`error applying patch: ${error.message}`) : error;
  }
}

/** Of what is sent that is no object, as a Scale. */
function schemaOf({ kind }: Match): MessageSchema {
  const name = `${kind.group === '' ? 'core' : kind.group.split('.')[0]}.${kind.version}.${kind.kind}`;
  if (schemas.names().includes(name)) return schemas.message(name);
  throw new ConfigurationRefusal(`failed to convert patch object to typed object: no corresponding type for ${kindText(kind)}`);
}

async function applyOperations(target: Mutable, value: unknown): Promise<boolean> {
  if (!Array.isArray(value)) throw new MutationProblem('type mismatch: JSONPatchType.expression should evaluate to array');
  const patched = patchedBy(target.shown, value.map(operation));
  if (patched === undefined) return false;
  const internal = (message: string) => StatusError.internal(message);
  return take(target, patched, {
    fieldValidation: 'Strict',
    reading: {
      refusedTypes: (error) => internal(problem(error)),
      refusedFields: (fields) => internal(`strict decoding error: ${fields.join(', ')}`),
      refusedValue: internal,
    },
    refused: (error) => error,
  });
}

function take(
  { request, match }: Mutable,
  value: unknown,
  how: Pick<Mutated, 'fieldValidation' | 'reading' | 'refused'>,
): Promise<boolean> {
  if (!isRecord(value)) throw StatusError.internal('the patched object is none');
  return takeMutated(request, { value, resource: match.resource, ...how });
}

/** Of an operation, only what it has. */
function operation(given: unknown): object {
  if (!(given instanceof StructValue)) {
    throw new MutationProblem('type mismatch: JSONPatchType.expression should evaluate to array of JSONPatch');
  }
  const text = (name: string) => String(given.get(name) ?? '');
  const from = text('from');
  const value = given.get('value');
  if (value instanceof StructValue) checkTypeNames(value);
  return {
    op: text('op'),
    path: text('path'),
    ...(from !== '' && { from }),
    ...(given.has('value') && { value: operandOf(value) }),
  };
}

/** Undefined when one of its tests fails: then it is not applied, and that is no error. */
function patchedBy(shown: KubeObject, patch: object[]): unknown {
  try {
    return applyJsonPatch(shown, patch);
  } catch (error) {
    if (error instanceof PatchError && error.isFailedTest) return undefined;
    if (error instanceof PatchError) throw new MutationProblem(`JSON Patch: ${error.why}`);
    throw error instanceof StatusError ? new MutationProblem(`JSON Patch: ${error.message}`) : error;
  }
}
