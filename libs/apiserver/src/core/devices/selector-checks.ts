// Expressions that select devices are compiled when they are written (k8s.io/dynamic-resource-allocation/cel): what is wrong with one
// is told with its place, in cel-go's words.
import {
  DeviceClass,
  type ExpressionCheck,
  ResourceClaim,
  ResourceClaimTemplate,
  validateClaimTemplate,
  validateDeviceClass,
  validateResourceClaim,
} from '@berth/api';
import type { KindDefinition } from '@berth/machinery';
import { ExpressionEnvironment } from '../../cel/environment.ts';
import { ExpressionError } from '../../cel/expression-error.ts';
import { compilationError, typeName } from '../../cel/go-words.ts';
import { erased } from '../kinds-by-name.ts';

/** Attributes are of four types, which the names do not tell. */
const device = {
  driver: 'string',
  attributes: 'map<string, map<string, dyn>>',
  capacity: 'map<string, map<string, kubernetes.Quantity>>',
};

let environment: ExpressionEnvironment | undefined;

export const checkSelector: ExpressionCheck = (expression) => {
  environment ??= new ExpressionEnvironment({ device }, { hasBindings: true });
  try {
    const { type } = environment.compile(expression);
    return type === 'bool' || type === 'dyn' ? undefined : { invalid: `must evaluate to bool or the unknown type, not ${typeName(type)}` };
  } catch (error) {
    if (error instanceof ExpressionError) return { invalid: `compilation failed: ${compilationError(expression, error)}` };
    throw error;
  }
};

/** The kind with validation that looks at its expressions as well. */
export function withSelectorChecks(kind: KindDefinition): KindDefinition {
  const checked = { ...kind };
  if (kind === erased(DeviceClass)) {
    checked.validate = (object, old) => validateDeviceClass(object as DeviceClass, old as DeviceClass | undefined, checkSelector);
  } else if (kind === erased(ResourceClaim)) {
    checked.validate = (object, old) => validateResourceClaim(object as ResourceClaim, old as ResourceClaim | undefined, checkSelector);
  } else if (kind === erased(ResourceClaimTemplate)) {
    checked.validate = (object) => validateClaimTemplate(object as ResourceClaimTemplate, checkSelector);
  } else return kind;
  return checked;
}
