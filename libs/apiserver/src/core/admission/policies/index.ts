// Admission policies: those that are in force judge every write.
export { withExpressionChecks } from './expression-checks.ts';
export { MutatingPolicies } from './mutating-policies.ts';
export { PolicyStatuses } from './policy-statuses.ts';
export { ValidatingPolicies } from './validating-policies.ts';
