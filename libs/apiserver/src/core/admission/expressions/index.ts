// Expressions of admission: what they see, and how they are compiled.

export { ExpressionError } from '../../../cel/expression-error.ts';
export {
  AdmissionEnvironment,
  type AdmissionExpression,
  type Declarations,
  expressionUnits,
  type KnownTypes,
} from './admission-environment.ts';
export {
  type AdmissionFacts,
  type GroupVersionKind,
  isNamespace,
  kindText,
  namespaceOf,
  type Operation,
  requestedKind,
} from './admission-facts.ts';
export { admissionRequest } from './admission-request.ts';
export { KindTypes } from './kind-types.ts';
export { LazyVariables } from './lazy-variables.ts';
export { RequestObjects, RequestValues } from './request-values.ts';
export { type Compiled, compiled, type Outcome, OutOfBudget, SharedBudget } from './shared-budget.ts';
