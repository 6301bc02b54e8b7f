// Kinds of versions that are served only where an operator asks for them with --runtime-config, one line each, as in ../kinds/index.ts.

export { MutatingAdmissionPolicy } from './mutating-admission-policy.ts';
export { MutatingAdmissionPolicyBinding } from './mutating-admission-policy-binding.ts';
