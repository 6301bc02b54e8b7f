// Access reviews: may I do this, may they, what may I do. Nothing of them is stored: they are created to be answered.
import { defineKind, type FieldError, type KubeObject } from '@berth/machinery';
import type {
  LocalSubjectAccessReview as LocalType,
  SelfSubjectRulesReview as RulesType,
  SelfSubjectAccessReview as SelfType,
  SubjectAccessReviewSpec,
  SubjectAccessReview as SubjectType,
} from '../generated/authorization-v1.types.ts';
import { schemas } from '../schemas.ts';

export type SubjectAccessReview = SubjectType;
export type SelfSubjectAccessReview = SelfType;
export type LocalSubjectAccessReview = LocalType;
export type SelfSubjectRulesReview = RulesType;

const group = 'authorization.k8s.io';
const common = { group, version: 'v1', verbs: ['create'] };

export const SubjectAccessReview = defineKind<SubjectAccessReview>({
  ...common,
  kind: 'SubjectAccessReview',
  plural: 'subjectaccessreviews',
  scope: 'Cluster',
  schema: schemas.message('authorization.v1.SubjectAccessReview'),
  validate: (review) => [...whatErrors(review.spec), ...whoErrors(review.spec), ...metadataErrors(review)],
});

export const SelfSubjectAccessReview = defineKind<SelfSubjectAccessReview>({
  ...common,
  kind: 'SelfSubjectAccessReview',
  plural: 'selfsubjectaccessreviews',
  scope: 'Cluster',
  schema: schemas.message('authorization.v1.SelfSubjectAccessReview'),
  validate: (review) => [...whatErrors(review.spec), ...metadataErrors(review)],
});

export const LocalSubjectAccessReview = defineKind<LocalSubjectAccessReview>({
  ...common,
  kind: 'LocalSubjectAccessReview',
  plural: 'localsubjectaccessreviews',
  scope: 'Namespaced',
  schema: schemas.message('authorization.v1.LocalSubjectAccessReview'),
  validate: (review) => [
    ...whatErrors(review.spec),
    ...whoErrors(review.spec),
    ...metadataErrors(review, 'namespace'),
    ...placeErrors(review),
  ],
});

export const SelfSubjectRulesReview = defineKind<SelfSubjectRulesReview>({
  ...common,
  kind: 'SelfSubjectRulesReview',
  plural: 'selfsubjectrulesreviews',
  scope: 'Cluster',
  schema: schemas.message('authorization.v1.SelfSubjectRulesReview'),
});

type Asked = Pick<SubjectAccessReviewSpec, 'resourceAttributes' | 'nonResourceAttributes'>;

function whatErrors({ resourceAttributes, nonResourceAttributes }: Asked = {}): FieldError[] {
  const field = 'spec.nonResourceAttributes';
  if (resourceAttributes && nonResourceAttributes) {
    return [{ type: 'Invalid', field, value: nonResourceAttributes, detail: 'cannot be specified in combination with resourceAttributes' }];
  }
  if (resourceAttributes || nonResourceAttributes) return [...selectorErrors(resourceAttributes)];
  const detail = 'exactly one of nonResourceAttributes or resourceAttributes must be specified';
  return [{ type: 'Invalid', field: 'spec.resourceAttributes', value: null, detail }];
}

interface GivenSelector {
  rawSelector?: string;
  requirements?: unknown[];
}

function selectorErrors({ fieldSelector, labelSelector }: NonNullable<Asked['resourceAttributes']> = {}): FieldError[] {
  const given: [string, GivenSelector | undefined][] = [
    ['spec.resourceAttributes.fieldSelector', fieldSelector],
    ['spec.resourceAttributes.labelSelector', labelSelector],
  ];
  return given.flatMap(([field, selector]): FieldError[] => {
    if (!selector) return [];
    const { rawSelector = '', requirements = [] } = selector;
    if (rawSelector !== '' && requirements.length > 0) {
      const detail = 'may not specified at the same time as requirements';
      return [{ type: 'Invalid', field: `${field}.rawSelector`, value: rawSelector, detail }];
    }
    if (rawSelector !== '' || requirements.length > 0) return [];
    const detail = `when ${field} is specified, requirements or rawSelector is required`;
    return [{ type: 'Required', field: `${field}.requirements`, detail }];
  });
}

function whoErrors({ user, groups = [] }: SubjectAccessReviewSpec = {}): FieldError[] {
  if (user || groups.length > 0) return [];
  return [{ type: 'Invalid', field: 'spec.user', value: '', detail: 'at least one of user or group must be specified' }];
}

/** @param but what may stand there all the same */
function metadataErrors({ metadata }: KubeObject, but?: 'namespace'): FieldError[] {
  const isEmpty = (value: unknown) =>
    value === undefined || value === null || value === '' || (typeof value === 'object' && Object.keys(value).length === 0);
  const given = Object.entries(metadata).filter(([name, value]) => name !== 'managedFields' && name !== but && !isEmpty(value));
  if (given.length === 0) return [];
  return [{ type: 'Invalid', field: 'metadata', value: metadata, detail: but ? `must be empty except for ${but}` : 'must be empty' }];
}

/** A local review is about its own namespace, and about what has one. */
function placeErrors({ metadata, spec }: LocalSubjectAccessReview): FieldError[] {
  const { resourceAttributes, nonResourceAttributes } = spec ?? {};
  const errors: FieldError[] = [];
  if (resourceAttributes && (resourceAttributes.namespace ?? '') !== (metadata.namespace ?? '')) {
    const field = 'spec.resourceAttributes.namespace';
    errors.push({ type: 'Invalid', field, value: resourceAttributes.namespace ?? '', detail: 'must match metadata.namespace' });
  }
  if (nonResourceAttributes) {
    const field = 'spec.nonResourceAttributes';
    errors.push({ type: 'Invalid', field, value: nonResourceAttributes, detail: 'disallowed on this kind of request' });
  }
  return errors;
}
