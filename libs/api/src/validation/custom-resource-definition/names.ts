// What a kind may be called.
import type { CustomResourceDefinitionNames } from '../../generated/apiextensions-v1.types.ts';
import { each, type FieldError, invalid, required } from '../errors.ts';
import { dns1035Label } from '../names.ts';

const mixedCase = 'may have mixed case, but should otherwise match: ';

/** Names that a definition cannot be without; those that were accepted may all be missing. */
export function requiredNames(names: Partial<CustomResourceDefinitionNames>, field: string): FieldError[] {
  return (['plural', 'singular', 'kind', 'listKind'] as const).filter((name) => !names[name]).map((name) => required(`${field}.${name}`));
}

export function validateNames(names: Partial<CustomResourceDefinitionNames>, field: string): FieldError[] {
  const { kind, listKind } = names;
  return [
    ...label(names.plural, `${field}.plural`),
    ...label(names.singular, `${field}.singular`),
    ...kindName(kind, `${field}.kind`),
    ...kindName(listKind, `${field}.listKind`),
    ...each(names.shortNames, `${field}.shortNames`, labelOrEmpty),
    ...(kind && kind === listKind ? [invalid(`${field}.listKind`, listKind, 'kind and listKind may not be the same')] : []),
    ...each(names.categories, `${field}.categories`, labelOrEmpty),
  ];
}

function label(name: string | undefined, field: string): FieldError[] {
  return name ? labelOrEmpty(name, field) : [];
}

export function labelOrEmpty(name: string, field: string): FieldError[] {
  const reasons = dns1035Label(name);
  return reasons.length > 0 ? [invalid(field, name, reasons.join(','))] : [];
}

function kindName(name: string | undefined, field: string): FieldError[] {
  const reasons = name ? dns1035Label(name.toLowerCase()) : [];
  return reasons.length > 0 ? [invalid(field, name, mixedCase + reasons.join(','))] : [];
}
