// What every object's metadata must hold, whatever its kind.
import type { ObjectMeta, OwnerReference } from '../generated/meta-v1.types.ts';
import { duplicates, type FieldError, forbidden, immutable, invalid, invalidAll, nonNegative, required, shown, tooLong } from './errors.ts';
import { annotationsBytesMax, labels as labelsOf } from './labels.ts';
import { dnsLabel, type NameCheck, pathSegment, qualified } from './names.ts';

const standardFinalizers = ['kubernetes', 'orphan', 'foregroundDeletion'];

export interface MetadataRules {
  scope: 'Namespaced' | 'Cluster';
  name: NameCheck;
  /** Kinds whose finalizers need no domain. */
  plainFinalizers?: true;
  /** Kinds of which only the name that was made of it is looked at. */
  anyGenerateName?: true;
}

/** @param object a whole API object; its metadata is under `metadata`. */
export function validateMetadata(object: { metadata: ObjectMeta }, rules: MetadataRules, field = 'metadata'): FieldError[] {
  const metadata: Partial<ObjectMeta> = object.metadata ?? {};
  return [
    ...names(metadata, rules, field),
    ...nonNegative(`${field}.generation`, metadata.generation),
    ...validateMetadataParts(object, field, rules.plainFinalizers),
  ];
}

/** What is wrong with metadata that any write may change. */
export function validateMetadataParts(object: { metadata: ObjectMeta }, field = 'metadata', plainFinalizers = false): FieldError[] {
  const metadata: Partial<ObjectMeta> = object.metadata ?? {};
  return [
    ...labelsOf(metadata.labels, `${field}.labels`),
    ...annotations(metadata.annotations, `${field}.annotations`),
    ...owners(metadata.ownerReferences ?? [], `${field}.ownerReferences`),
    ...finalizers(metadata.finalizers ?? [], `${field}.finalizers`, plainFinalizers),
  ];
}

function names(metadata: Partial<ObjectMeta>, rules: MetadataRules, field: string): FieldError[] {
  const errors: FieldError[] = [];
  if (metadata.generateName && !rules.anyGenerateName) {
    errors.push(...invalidAll(`${field}.generateName`, metadata.generateName, rules.name(beginningOf(metadata.generateName, rules))));
  }
  if (metadata.name) errors.push(...invalidAll(`${field}.name`, metadata.name, rules.name(metadata.name)));
  else errors.push(required(`${field}.name`, 'name or generateName is required'));
  if (rules.scope === 'Cluster') {
    if (metadata.namespace) errors.push(forbidden(`${field}.namespace`, 'not allowed on this type'));
  } else if (!metadata.namespace) errors.push(required(`${field}.namespace`));
  else errors.push(...invalidAll(`${field}.namespace`, metadata.namespace, dnsLabel(metadata.namespace)));
  return errors;
}

/** As a name: the server appends to it, so that a trailing dash is no end, and two dots are no folder. */
function beginningOf(generateName: string, { name }: MetadataRules): string {
  if (name === pathSegment) return `${generateName}a`;
  return generateName.length > 1 ? generateName.replace(/-$/, 'a') : generateName;
}

/** Annotations: keys are qualified names in any case, values anything, the whole at most 256 KiB. */
export function annotations(values: Record<string, string> | undefined, field: string): FieldError[] {
  const errors: FieldError[] = [];
  let bytes = 0;
  for (const [key, value] of Object.entries(values ?? {})) {
    errors.push(...invalidAll(field, key, qualified(key.toLowerCase())));
    bytes += key.length + utf8Length(value);
  }
  if (bytes > annotationsBytesMax) errors.push(tooLong(field, annotationsBytesMax));
  return errors;
}

function owners(references: OwnerReference[], field: string): FieldError[] {
  const errors = references.flatMap((owner) => {
    const missing = (['kind', 'name', 'uid'] as const)
      .filter((key) => !owner[key])
      .map((key) => invalid(`${field}.${key}`, owner[key] ?? '', 'must not be empty'));
    // A text that is no group and version, such as a/b/c, has neither.
    const version = /^[^/]+(\/[^/]+)?$|^[^/]*\/[^/]+$/.test(owner.apiVersion ?? '')
      ? []
      : [invalid(`${field}.apiVersion`, owner.apiVersion ?? '', 'version must not be empty')];
    const banned = owner.apiVersion === 'v1' && owner.kind === 'Event';
    return [
      ...version,
      ...missing,
      ...(banned ? [invalid(field, shown('meta.v1.OwnerReference', owner), '/v1, Kind=Event is disallowed from being an owner')] : []),
    ];
  });
  const [first, ...others] = references.filter((owner) => owner.controller);
  for (const other of others) {
    const names = `${first?.kind}/${first?.name} and ${other.kind}/${other.name}`;
    errors.push(
      invalid(
        field,
        references.map((owner) => shown('meta.v1.OwnerReference', owner)),
        `Only one reference can have Controller set to true. Found "true" in references for ${names}`,
      ),
    );
  }
  return errors;
}

/** @param field of the list; where the name stands in it is told of names without a domain alone */
function finalizerName(name: string, field: string, index: number, plain: boolean): FieldError[] {
  return [...invalidAll(field, name, qualified(name)), ...(plain ? [] : standardOrQualified(name, `${field}[${index}]`))];
}

export function standardOrQualified(name: string, field: string): FieldError[] {
  if (name.includes('/') || standardFinalizers.includes(name)) return [];
  return [invalid(field, name, 'name is neither a standard finalizer name nor is it fully qualified')];
}

function finalizers(names: string[], field: string, plain: boolean): FieldError[] {
  const errors = names.flatMap((name, index) => finalizerName(name, field, index, plain));
  if (names.includes('orphan') && names.includes('foregroundDeletion')) {
    errors.push(invalid(field, names, 'finalizer orphan and foregroundDeletion cannot be both set'));
  }
  return errors;
}

/** What an update may not change in metadata, beyond what the API core keeps itself (uid, timestamps). */
export function validateMetadataUpdate(next: { metadata: ObjectMeta }, old: { metadata: ObjectMeta }): FieldError[] {
  const errors: FieldError[] = [];
  for (const key of ['name', 'namespace'] as const) {
    if ((next.metadata[key] ?? '') !== (old.metadata[key] ?? ''))
      errors.push(invalid(`metadata.${key}`, next.metadata[key] ?? '', immutable));
  }
  if (old.metadata.deletionTimestamp) {
    const before = new Set(old.metadata.finalizers);
    const added = (next.metadata.finalizers ?? []).filter((name) => !before.has(name));
    if (added.length > 0) {
      const shown = added.map((name) => JSON.stringify(name)).join(', ');
      errors.push(
        forbidden(
          'metadata.finalizers',
          `no new finalizers can be added if the object is being deleted, found new finalizers []string{${shown}}`,
        ),
      );
    }
  }
  return errors;
}

/** Bytes of a text in UTF-8, without encoding it. */
export function utf8Length(text: string): number {
  let bytes = text.length;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit > 0x7ff) bytes += 2;
    else if (unit > 0x7f) bytes += 1;
    // A surrogate pair is two units and four bytes.
    if (unit >= 0xd800 && unit <= 0xdbff) {
      bytes -= 1;
    } else if (unit >= 0xdc00 && unit <= 0xdfff) {
      bytes -= 1;
    }
  }
  return bytes;
}

/** Names of list items that must be unique, such as ports and containers. */
export function uniqueNames<T extends { name?: string }>(items: readonly T[], fieldOf: (index: number) => string): FieldError[] {
  return duplicates(
    items,
    (item) => item.name ?? '',
    (index, item) => ({ type: 'Duplicate', field: `${fieldOf(index)}.name`, value: item.name, detail: '' }),
  );
}
