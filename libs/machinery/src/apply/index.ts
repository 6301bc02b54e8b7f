// Server-side apply, as the rest of Berth sees it.
export { ConfigurationRefusal, mergeConfiguration } from './configuration.ts';
export { type Conflict, conflictError, pathsOf } from './conflicts.ts';
export type { FieldSet } from './field-set.ts';
export { type Conversion, type Converting, converted, type Form, Forms } from './forms.ts';
export { knownText, ordered as keptOnce } from './known-sets.ts';
export type { ManagedFieldsEntry } from './managers.ts';
export { lacksKeys } from './missing-keys.ts';
export * from './ownership.ts';
export { isAtomicStruct } from './shape.ts';
export { ForeignValue } from './typed-problems.ts';
