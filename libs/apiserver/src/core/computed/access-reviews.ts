// What access reviews answer: whether somebody may do something, and all that somebody may do.
import {
  LocalSubjectAccessReview,
  SelfSubjectAccessReview,
  SelfSubjectReview,
  SelfSubjectRulesReview,
  SubjectAccessReview,
} from '@berth/api';
import { apiVersionOf, type FieldRequirement, StatusError } from '@berth/machinery';
import { timestamp } from '@berth/telemetry';
import type { PolicyRule } from '../authorization/policy-rules.ts';
import type { Attributes, Authorizer } from '../authorizer.ts';
import { erased } from '../kinds-by-name.ts';
import type { ServedKind } from '../resource-registry.ts';
import { readableFields } from '../selection.ts';
import type { User } from '../types.ts';
import { type UnstoredCreatePorts, unstoredCreate } from './unstored-create.ts';

type Asked = Pick<SubjectAccessReview['spec'], 'resourceAttributes' | 'nonResourceAttributes'>;

export function accessReviews(ports: UnstoredCreatePorts & { authorizer: Authorizer }): ServedKind[] {
  const { authorizer, clock } = ports;
  const decided = async (user: User, spec: Asked) => {
    const { allowed, reason } = await authorizer.authorize(user, attributesOf(spec));
    return { allowed, ...(reason && { reason }) };
  };
  const about = unstoredCreate<SubjectAccessReview>(ports, async (review) => {
    return { ...review, status: await decided(subjectOf(review.spec), review.spec) };
  });
  return [
    { kind: erased(SubjectAccessReview), resource: { create: about } },
    { kind: erased(LocalSubjectAccessReview), resource: { create: about } },
    {
      kind: erased(SelfSubjectAccessReview),
      resource: {
        create: unstoredCreate<SelfSubjectAccessReview>(ports, async (review, { user }) => {
          return { ...review, status: await decided(user, review.spec) };
        }),
      },
    },
    {
      kind: erased(SelfSubjectRulesReview),
      resource: {
        create: unstoredCreate<SelfSubjectRulesReview>(ports, ({ spec }, { user }) => {
          if (!spec?.namespace) throw StatusError.badRequest('no namespace on request');
          return {
            ...typeOf(SelfSubjectRulesReview),
            metadata: { name: '' },
            status: rulesStatus(authorizer.rulesFor(user, spec.namespace)),
          };
        }),
      },
    },
    {
      kind: erased(SelfSubjectReview),
      resource: {
        create: unstoredCreate<SelfSubjectReview>(ports, (_review, { user }) => {
          const metadata = { name: '', creationTimestamp: timestamp(clock) };
          return { ...typeOf(SelfSubjectReview), metadata, status: { userInfo: userInfo(user) } };
        }),
      },
    },
  ];
}

function typeOf(kind: { group: string; version: string; kind: string }) {
  return { apiVersion: apiVersionOf(kind), kind: kind.kind };
}

/** A user as reviews show it. */
export function userInfo({ name, uid, groups, extra }: User) {
  return { username: name, ...(uid && { uid }), groups, ...(extra && { extra }) };
}

function attributesOf({ resourceAttributes, nonResourceAttributes }: Asked): Attributes {
  if (!resourceAttributes) return { verb: nonResourceAttributes?.verb ?? '', path: nonResourceAttributes?.path ?? '' };
  const { verb = '', group = '', resource = '', subresource, namespace, name, fieldSelector } = resourceAttributes;
  return { verb, group, resource, subresource, namespace, name, ...(fieldSelector && { fieldSelector: requirementsOf(fieldSelector) }) };
}

type ReviewedSelector = NonNullable<NonNullable<Asked['resourceAttributes']>['fieldSelector']>;

/** What cannot be read narrows nothing down, so it is left out. */
function requirementsOf({ rawSelector, requirements = [] }: ReviewedSelector): FieldRequirement[] {
  if (rawSelector) return readableFields(rawSelector) ?? [];
  return requirements.flatMap(({ key = '', operator, values = [] }) => {
    const [value, ...more] = values;
    if (value === undefined || more.length > 0 || (operator !== 'In' && operator !== 'NotIn')) return [];
    return [{ field: key, operator: operator === 'In' ? '=' : '!=', value }];
  });
}

/** Whom a review asks about. */
function subjectOf({ user, groups, uid, extra }: SubjectAccessReview['spec']): User {
  return { name: user ?? '', groups: groups ?? [], ...(uid && { uid }), ...(extra && { extra }) };
}

function rulesStatus(rules: PolicyRule[]) {
  return {
    resourceRules: rules.filter((rule) => rule.resources).map(({ nonResourceURLs: _paths, ...rule }) => rule),
    nonResourceRules: rules.filter((rule) => rule.nonResourceURLs).map(({ verbs, nonResourceURLs }) => ({ verbs, nonResourceURLs })),
    incomplete: false,
  };
}
