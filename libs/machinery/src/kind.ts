// A kind is one definition: routes, discovery, OpenAPI, tables, storage keys, codecs and client types all derive from it.
// What a definition must hold: pure functions only, and defaults that are idempotent.

import type { DisabledField } from './disabled-field.ts';
import type { FieldError } from './field-error.ts';
import type { KubeObject } from './object.ts';
import type { MessageSchema } from './schema.ts';
import { fillZeroValues } from './zero-values.ts';

export type { FieldError };

/** A printer column, as `kubectl get` shows it. `priority` 1 shows only with `-o wide`. */
export interface Column<T> {
  name: string;
  type: 'string' | 'integer' | 'number' | 'date' | 'boolean';
  format?: string;
  description: string;
  priority?: number;
  /** A cell beyond the last column, of which clients know nothing. */
  isUnnamed?: true;
  /** `now` is Unix milliseconds, for ages. Null where there is nothing to show. */
  value(object: T, now: number): string | number | boolean | null;
}

/** Which fields the scale subresource reads and writes, as dotted paths. */
export interface ScaleMapping {
  specReplicas: string;
  statusReplicas: string;
  /** A LabelSelector's path; shown in the scale's status as a string. */
  selector?: string;
  /** Whether that is a map of labels, as selectors once were. */
  selectsByLabels?: true;
  /** Whether that is a selector's text. */
  selectsByText?: true;
}

export interface Subresources {
  status?: true;
  scale?: ScaleMapping;
  /** Names such as `binding`, `log`, `exec`, `eviction`, which the API serves with code of their own. */
  other?: { name: string; kind: string; group?: string; version?: string; verbs: string[] }[];
}

/** The metadata that writes to a status change, unless the kind's strategy keeps it. */
export const statusMetadata = ['labels', 'annotations', 'finalizers', 'ownerReferences', 'deletionTimestamp'] as const;
export type StatusMetadata = (typeof statusMetadata)[number];

export interface Strategy<T> {
  /** Clears what a creator may not set; status is cleared for every kind with a status subresource. @param now RFC 3339 */
  prepareForCreate?(object: T, now: string): void;
  /** Carries over what an update may not change silently; status and generation are handled for every kind. */
  prepareForUpdate?(next: T, old: T): void;
  /** What of metadata a write to the status leaves as it is; default: nothing, so that it may change labels, finalizers and all. */
  statusKeeps?: readonly StatusMetadata[];
  /** Kinds that do not look at the metadata of a write to their status: finalizers need no domain there. */
  statusTakesPlainFinalizers?: true;
  /** Carries over what a write to the status may not change silently; the spec is handled for every kind. @param now RFC 3339 */
  prepareForStatusUpdate?(next: T, old: T, now: string): void;
  /** When who writes the object writes its status with it; default: never, where the status is a subresource. */
  writesStatus?: 'atCreation' | 'always';
  /** Whether metadata.generation counts; default: for kinds with a spec outside the core group, and for Pods. */
  hasGeneration?: boolean;
  /** Whether a change from `old` to `next` is a new generation; default: spec differs. */
  generationChanged?(next: T, old: T): boolean;
  /** Whether a change of fields that are dropped, being off, is a new generation as well. */
  countsDisabledFields?: true;
  /** Seconds that a DELETE without a grace period grants; undefined deletes at once. */
  gracePeriodSeconds?(object: T): number | undefined;
  /** Changes what a DELETE begins to delete: with a finalizer, it stays for now. @param now RFC 3339 */
  prepareForDelete?(object: T, now: string): void;
  /**
   * A DELETE only marks what it begins to delete: that is no new generation and begins no grace period. `alone` when even what is to
   * become of dependents is heeded the next time only.
   */
  marksDeletion?: 'alone' | 'withDependents';
  allowCreateOnUpdate?: boolean;
  /** Why nothing of the kind is made any more. */
  refusesCreate?: string;
  /** Whether a PUT must say which version it replaces. */
  requiresVersion?: true;
  /** A DELETE that does not say what becomes of dependents leaves them, and is answered with this warning, unless it is empty. */
  orphansUnlessAsked?: string;
  /** Nothing is ever owned by its objects: how they are deleted says nothing of what becomes of dependents. */
  hasNoDependents?: true;
  /** Whether a DELETE answers with the object that is gone, in place of a Status. */
  returnsDeleted?: true;
  /** Annotations that Kubernetes makes of a field in the version that is served, so that what shows metadata alone has them not. */
  versionAnnotations?: readonly string[];
  /** Fields, beside the status, that the strategy resets whatever clients send: who writes an object does not own them. */
  resets?: readonly string[];
  /** By subresource: updates that change a part of the object, by rules of their own in place of `validateUpdate`. */
  partialUpdates?: Record<string, PartialUpdate<T>>;
}

export interface PartialUpdate<T> {
  /** The status stays as it is, unless this says otherwise. */
  changesStatus?: true;
  /** Labels, annotations, finalizers and owners can be applied through it. */
  changesMetadata?: true;
  /** Puts everything that the subresource does not change back as it was. In place of `prepareForUpdate`. @param now RFC 3339 */
  prepare(next: T, old: T, now: string): void;
  validate(next: T, old: T): FieldError[];
  /** Of a configuration to apply, what the subresource takes beside metadata. */
  applied(object: T): object;
}

/**
 * Makes a kind another version of one that is stored: what clients send is converted on its way in, what is stored on its way
 * out. Both functions return new objects, and take parts of objects as well, which is what patches to apply are.
 */
export interface KindView {
  of: KindDefinition;
  toStored(object: KubeObject): KubeObject;
  fromStored(stored: KubeObject): KubeObject;
  /** What errors about the stored object call a field. */
  errorField?(field: string): string;
  /** What this version refuses that the stored one takes. Both objects are stored ones. */
  validate?(object: KubeObject, old?: KubeObject): FieldError[];
}

/**
 * Of kinds in several versions of which none stands above the others: an object is kept in the version that was stored when it was
 * written, and every version is read, checked and shown as a kind of its own.
 */
export interface KindConversion {
  /** The version that is written to the store. */
  readonly stored: KindDefinition;
  /** All of them, served or not. */
  readonly versions: readonly KindDefinition[];
  /** Whether labels stay what they are, and conversion needs nobody else. */
  readonly isPlain: boolean;
  /**
   * The objects in the version `to`, in their order; those that are of it already are returned as they are. They may be frozen.
   * @throws StatusError when one of them cannot be converted
   */
  convert(objects: readonly KubeObject[], to: KindDefinition): KubeObject[] | Promise<KubeObject[]>;
}

export interface KindDefinition<T extends KubeObject = KubeObject> {
  /** '' for core. */
  group: string;
  version: string;
  kind: string;
  listKind: string;
  plural: string;
  singular: string;
  shortNames: string[];
  categories: string[];
  namespaced: boolean;
  schema: MessageSchema;
  /** One sentence, for `kubectl explain`; absent where the schema itself says it. */
  description?: string;
  subresources: Subresources;
  /** What discovery announces; default: everything. */
  verbs?: string[];
  strategy: Strategy<T>;
  /** What is dropped whenever an object is written, before the strategy prepares it. */
  disabledFields: readonly DisabledField[];
  /** Fills in defaults in place, and what is shown of every object: zeros, empty structs. */
  defaults(object: T): void;
  /**
   * Everything wrong with a defaulted object, metadata included.
   * @param old what it replaces: where a rule became stricter, a value that is there already may stay
   */
  validate(object: T, old?: T): FieldError[];
  /** Everything wrong with the change, beyond `validate(next)`: immutable fields above all. */
  validateUpdate(next: T, old: T): FieldError[];
  validateStatusUpdate(next: T, old: T): FieldError[];
  columns: Column<T>[];
  /** Field selector name (`spec.nodeName`) → its value; metadata.name and metadata.namespace are always there. */
  selectableFields: Record<string, (object: T) => string>;
  /**
   * Of kinds that users define: how a body is read in place of by the schema's types, which its validation then looks at. Metadata
   * has been read. `refused` is what cannot be read at all.
   */
  readContent?(content: Record<string, unknown>): { value: Record<string, unknown>; unknown: string[]; refused?: FieldError };
  /** What of an object cannot be read beyond its types, as Kubernetes says it. */
  unreadable?(object: T): string | undefined;
  /** Of kinds whose defaults may come after objects were stored: whether this one lacks any. */
  lacksDefaults?(object: KubeObject): boolean;
  /** Of kinds that users define: their definition in OpenAPI documents. */
  openApi?: { name: string; definition: Record<string, unknown> };
  /** What of an object that holds nothing is shown beside zeros: what Kubernetes makes of one in this version. Changes it in place. */
  completeBookmark?(object: T): void;
  /** For kinds that are not stored themselves. Defaults, validation and strategy are then those of `view.of`. */
  view?: KindView;
  /** Of kinds that users define in several versions, each of which has it. */
  conversion?: KindConversion;
  /**
   * What becomes Warning headers of a create, or of an update of `old`: Kubernetes' own warnings, and accepted fields that do
   * not act yet.
   */
  warnings(object: T, old?: T): string[];
  /** The same for a write of the status. */
  statusWarnings(object: T): string[];
  /** What every answer warns of, such as `v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice`. */
  deprecation?: string;
  /** In which version of Kubernetes what is deprecated is no longer there, such as `1.38`; absent when that is not decided. */
  removedRelease?: string;
}

export interface KindOptions<T extends KubeObject> {
  group: string;
  version: string;
  kind: string;
  plural: string;
  listKind?: string;
  singular?: string;
  shortNames?: string[];
  categories?: string[];
  scope: 'Namespaced' | 'Cluster';
  schema: MessageSchema;
  description?: string;
  subresources?: Subresources;
  verbs?: string[];
  strategy?: Strategy<T>;
  disabledFields?: readonly DisabledField[];
  defaults?(object: T): void;
  validate?(object: T, old?: T): FieldError[];
  validateUpdate?(next: T, old: T): FieldError[];
  validateStatusUpdate?(next: T, old: T): FieldError[];
  columns?: Column<T>[];
  selectableFields?: Record<string, (object: T) => string>;
  warnings?(object: T, old?: T): string[];
  statusWarnings?(object: T): string[];
  deprecation?: string;
  removedRelease?: string;
  readContent?: KindDefinition['readContent'];
  unreadable?(object: T): string | undefined;
  lacksDefaults?: KindDefinition['lacksDefaults'];
  openApi?: KindDefinition['openApi'];
  completeBookmark?(object: T): void;
  view?: KindView;
}

/** Completes a definition with what every kind shares. */
export function defineKind<T extends KubeObject>(options: KindOptions<T>): KindDefinition<T> {
  return {
    group: options.group,
    version: options.version,
    kind: options.kind,
    listKind: options.listKind ?? `${options.kind}List`,
    plural: options.plural,
    singular: options.singular ?? options.kind.toLowerCase(),
    shortNames: options.shortNames ?? [],
    categories: options.categories ?? [],
    namespaced: options.scope === 'Namespaced',
    schema: options.schema,
    ...(options.description && { description: options.description }),
    subresources: options.subresources ?? {},
    ...(options.verbs && { verbs: options.verbs }),
    strategy: options.strategy ?? {},
    disabledFields: options.disabledFields ?? [],
    defaults: (object) => {
      options.defaults?.(object);
      // What is there now, if only as an empty struct, may have defaults of its own.
      if (fillZeroValues(options.schema, object as unknown as Record<string, unknown>)) options.defaults?.(object);
    },
    validate: options.validate ?? (() => []),
    validateUpdate: options.validateUpdate ?? (() => []),
    validateStatusUpdate: options.validateStatusUpdate ?? (() => []),
    columns: options.columns ?? [],
    selectableFields: options.selectableFields ?? {},
    warnings: options.warnings ?? (() => []),
    statusWarnings: options.statusWarnings ?? (() => []),
    ...(options.deprecation && { deprecation: options.deprecation }),
    ...(options.removedRelease && { removedRelease: options.removedRelease }),
    ...(options.readContent && { readContent: options.readContent }),
    ...(options.unreadable && { unreadable: options.unreadable }),
    ...(options.lacksDefaults && { lacksDefaults: options.lacksDefaults }),
    ...(options.openApi && { openApi: options.openApi }),
    ...(options.completeBookmark && { completeBookmark: options.completeBookmark }),
    ...(options.view && { view: options.view }),
  };
}

/** Whether users define the kind: Kubernetes has no Go type for its objects, and handles them as what JSON says. */
export function isUserDefined(kind: KindDefinition): boolean {
  return kind.readContent !== undefined;
}

/** `v1`, `apps/v1`. */
export function apiVersionOf(kind: { group: string; version: string }): string {
  return kind.group ? `${kind.group}/${kind.version}` : kind.version;
}

/** `pods`, `deployments.apps`: unique over all kinds, as Kubernetes writes a group resource. */
export function groupResourceOf(kind: { group: string; plural: string }): string {
  return kind.group ? `${kind.plural}.${kind.group}` : kind.plural;
}

/** The kind that objects of this kind are stored as: itself, or what it is a view of. */
export function storedKind(kind: KindDefinition): KindDefinition {
  return kind.view?.of ?? kind;
}
