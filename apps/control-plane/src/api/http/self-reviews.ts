// Questions that users ask about themselves: who am I, may I do this, what may I do. Nothing is stored; every user that is
// known at all may ask, and nobody learns anything about another.
import { schemas } from '@berth/api';
import { apiVersionOf, checkTypes, defineKind, fieldMessage, type KindDefinition, StatusError } from '@berth/machinery';
import type { ApiServer } from '../core/api-server.ts';
import { rulesOf } from '../core/authorization-rules.ts';
import type { Attributes } from '../core/authorizer.ts';
import type { User } from '../core/types.ts';
import { decodeObject, readBody } from './request-body.ts';
import type { ResourcePath } from './request-info.ts';
import { type Exchange, sendJson, wrongMethod } from './responses.ts';

function review(group: string, message: string, kind: string): KindDefinition {
  return defineKind({
    group,
    version: 'v1',
    kind,
    plural: `${kind.toLowerCase()}s`,
    scope: 'Cluster',
    schema: schemas.message(`${message}.v1.${kind}`),
    verbs: ['create'],
  });
}

export const selfReviewKinds: KindDefinition[] = [
  review('authentication.k8s.io', 'authentication', 'SelfSubjectReview'),
  review('authorization.k8s.io', 'authorization', 'SelfSubjectAccessReview'),
  review('authorization.k8s.io', 'authorization', 'SelfSubjectRulesReview'),
];

/** A SelfSubjectAccessReview's spec, as far as it is read. */
interface AccessSpec {
  resourceAttributes?: { verb?: string; group?: string; resource?: string; subresource?: string; namespace?: string; name?: string };
  nonResourceAttributes?: { verb?: string; path?: string };
}

export class SelfReviews {
  readonly #api: ApiServer;

  constructor(api: ApiServer) {
    this.#api = api;
  }

  kindOf({ group, version, resource }: ResourcePath): KindDefinition | undefined {
    return selfReviewKinds.find((kind) => kind.group === group && kind.version === version && kind.plural === resource);
  }

  async serve(exchange: Exchange, path: ResourcePath, user: User, kind: KindDefinition): Promise<void> {
    const { request } = exchange;
    if (request.method !== 'POST' || path.name !== undefined || path.namespace !== undefined) throw wrongMethod();
    if (user.groups.includes('system:unauthenticated')) throw StatusError.unauthorized();
    const body = decodeObject(request.headers['content-type'], await readBody(request));
    const { value, errors } = checkTypes(kind.schema, body);
    const [error] = errors;
    if (error) throw StatusError.badRequest(`${kind.kind}: ${error.field}: ${fieldMessage(error)}`);
    const status = await this.#status(kind, user, (value.spec ?? {}) as AccessSpec);
    const { metadata, spec } = value;
    const own = { kind: kind.kind, apiVersion: apiVersionOf(kind), metadata: metadata ?? {}, ...(spec !== undefined && { spec }) };
    await sendJson(exchange, 201, { ...own, status });
  }

  async #status(kind: KindDefinition, user: User, spec: AccessSpec): Promise<unknown> {
    if (kind.kind === 'SelfSubjectReview') return { userInfo: { username: user.name, groups: user.groups } };
    if (kind.kind === 'SelfSubjectRulesReview') return rulesStatus(user);
    const { allowed, reason } = await this.#api.isAllowed(user, attributesOf(spec));
    return { allowed, ...(reason && { reason }) };
  }
}

function attributesOf({ resourceAttributes, nonResourceAttributes }: AccessSpec): Attributes {
  if (resourceAttributes && !nonResourceAttributes) {
    const { verb = '', group = '', resource = '', subresource, namespace, name } = resourceAttributes;
    return { verb, group, resource, subresource, namespace, name };
  }
  if (nonResourceAttributes && !resourceAttributes) {
    return { verb: nonResourceAttributes.verb ?? '', path: nonResourceAttributes.path ?? '' };
  }
  const field = 'spec.resourceAttributes';
  const detail = 'exactly one of nonResourceAttributes or resourceAttributes must be specified';
  throw StatusError.invalid({ group: 'authorization.k8s.io', kind: 'SelfSubjectAccessReview' }, '', [{ type: 'Invalid', field, detail }]);
}

function rulesStatus(user: User): unknown {
  const rules = rulesOf(user);
  return {
    resourceRules: rules.filter((rule) => !rule.paths).map(({ verbs, groups, resources }) => ({ verbs, apiGroups: groups, resources })),
    nonResourceRules: rules.filter((rule) => rule.paths).map(({ verbs, paths }) => ({ verbs, nonResourceURLs: paths })),
    // A rule's exceptions and namespaces have no place in this form.
    incomplete: rules.some((rule) => rule.except || rule.namespaces),
  };
}
