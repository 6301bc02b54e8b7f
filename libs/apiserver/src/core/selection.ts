// Label and field selectors of one request as one predicate, with what an index can use picked out.
import {
  type FieldRequirement,
  type KindDefinition,
  type KubeObject,
  parseFieldSelector,
  parseLabelSelector,
  type Selector,
  StatusError,
} from '@berth/machinery';
import type { Selectors } from './types.ts';

export interface Selection {
  /** Whether it lets every object through, so that nothing needs parsing. */
  everything: boolean;
  /** metadata.name=…, when the selector demands it. */
  name?: string;
  /** Value of the kind's indexed field, when the selector demands one. */
  indexed?: string;
  matches(object: KubeObject): boolean;
}

export const everything: Selection = { everything: true, matches: () => true };

const indexedFields = ['spec.nodeName', 'spec.clusterIP'];

/** The field that the cache finds objects of this kind by, besides their names; none where each version has fields of its own. */
export function indexedFieldOf(kind: KindDefinition): string | undefined {
  if (kind.conversion) return undefined;
  return indexedFields.find((field) => Object.hasOwn(kind.selectableFields, field));
}

/** What matches are stored objects, also where the kind is a view. @throws StatusError BadRequest for selectors that cannot be parsed or name fields the kind does not select by. */
export function selectionOf(kind: KindDefinition, selectors: Selectors): Selection {
  const labels = selectors.labelSelector ? parseLabelSelector(selectors.labelSelector) : undefined;
  const fields = selectors.fieldSelector ? parseFieldSelector(selectors.fieldSelector) : [];
  if (!labels && fields.length === 0) return everything;
  const tests = fields.map((requirement) => fieldTest(kind, requirement));
  const wanted = (field: string) => fields.find((f) => f.field === field && f.operator === '=')?.value;
  return {
    everything: false,
    name: wanted('metadata.name'),
    indexed: wanted(indexedFieldOf(kind) ?? ''),
    matches: (object) => labelsMatch(labels, object) && tests.every((test) => test(object)),
  };
}

/**
 * As much of it as holds for an object in whichever version it was stored, for kinds whose versions are converted; undefined where that
 * is all of it.
 */
export function beforeConversion({ conversion }: KindDefinition, selectors: Selectors): Selectors | undefined {
  if (!conversion) return undefined;
  const fields = selectors.fieldSelector ? parseFieldSelector(selectors.fieldSelector) : [];
  const keepsFields = fields.every(({ field }) => field === 'metadata.name' || field === 'metadata.namespace');
  const keepsLabels = conversion.isPlain || !selectors.labelSelector;
  if (keepsFields && keepsLabels) return undefined;
  const { labelSelector, fieldSelector } = selectors;
  return { ...(keepsLabels && labelSelector && { labelSelector }), ...(keepsFields && fieldSelector && { fieldSelector }) };
}

function labelsMatch(selector: Selector | undefined, object: KubeObject): boolean {
  return !selector || selector.matches(object.metadata.labels ?? {});
}

function fieldTest(kind: KindDefinition, requirement: FieldRequirement): (object: KubeObject) => boolean {
  const read = fieldReader(kind, requirement.field);
  const equal = requirement.operator === '=';
  return (object) => (read(object) === requirement.value) === equal;
}

function fieldReader(kind: KindDefinition, field: string): (object: KubeObject) => string {
  const { selectableFields } = kind;
  const hasOwnFields = Object.keys(selectableFields).length > 0;
  if (field === 'metadata.name') return (object) => object.metadata.name;
  // Cluster-scoped kinds with fields of their own do not take it, those without do: they share one list of two in Kubernetes.
  if (field === 'metadata.namespace' && (kind.namespaced || !hasOwnFields)) return (object) => object.metadata.namespace ?? '';
  // Not whatever an object inherits: `constructor` is no field.
  const read = Object.hasOwn(selectableFields, field) ? selectableFields[field] : undefined;
  if (!read) throw StatusError.badRequest(unsupportedField(kind, field, hasOwnFields));
  const { view } = kind;
  return view ? (stored) => read(view.fromStored(stored)) : read;
}

function unsupportedField({ group, version, kind }: KindDefinition, field: string, hasOwnFields: boolean): string {
  if (!hasOwnFields) return `${JSON.stringify(field)} is not a known field selector: only "metadata.name", "metadata.namespace"`;
  if (group === 'batch' && kind === 'Job') return `field label ${JSON.stringify(field)} not supported for Job`;
  if (kind === 'ResourceSlice') return `field label not supported for ${group}/${version}, Kind=${kind}: ${field}`;
  return `field label not supported: ${field}`;
}

/** Undefined for what is no selector. */
export function readableFields(text: string): FieldRequirement[] | undefined {
  try {
    return parseFieldSelector(text);
  } catch (error) {
    if (error instanceof StatusError) return undefined;
    throw error;
  }
}
