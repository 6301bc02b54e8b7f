// Reviews: who am I, may I do this, what may I do; and, for those who may ask about others, may they. Nothing is stored.
import { schemas } from '@berth/api';
import {
  apiVersionOf,
  checkTypes,
  defineKind,
  type FieldRequirement,
  fieldMessage,
  type KindDefinition,
  StatusError,
} from '@berth/machinery';
import type { Authenticator } from '../authentication/authenticator.ts';
import { TokenError } from '../authentication/bearer-token.ts';
import type { ApiServer } from '../core/api-server.ts';
import type { PolicyRule } from '../core/authorization/policy-rules.ts';
import type { Attributes } from '../core/authorizer.ts';
import type { User } from '../core/types.ts';
import type { ComputedRequest, ComputedResources } from './computed-resources.ts';
import { acceptsWhole } from './media-types.ts';
import { selectedFields } from './parsed-request.ts';
import { notAcceptable } from './representation.ts';
import { decodeObject } from './request-body.ts';
import { sendJson, wrongMethod } from './responses.ts';
import type { YamlBodies } from './yaml-body.ts';

function review(group: string, message: string, kind: string, scope: 'Cluster' | 'Namespaced' = 'Cluster'): KindDefinition {
  return defineKind({
    group,
    version: 'v1',
    kind,
    plural: `${kind.toLowerCase()}s`,
    scope,
    schema: schemas.message(`${message}.v1.${kind}`),
    verbs: ['create'],
  });
}

const reviewKinds: KindDefinition[] = [
  review('authentication.k8s.io', 'authentication', 'SelfSubjectReview'),
  review('authentication.k8s.io', 'authentication', 'TokenReview'),
  review('authorization.k8s.io', 'authorization', 'SelfSubjectAccessReview'),
  review('authorization.k8s.io', 'authorization', 'SelfSubjectRulesReview'),
  review('authorization.k8s.io', 'authorization', 'SubjectAccessReview'),
  review('authorization.k8s.io', 'authorization', 'LocalSubjectAccessReview', 'Namespaced'),
];

interface ReviewedSelector {
  rawSelector?: string;
  requirements?: { key?: string; operator?: string; values?: string[] }[];
}

/** A review's spec, as far as it is read. */
interface AccessSpec {
  resourceAttributes?: {
    verb?: string;
    group?: string;
    resource?: string;
    subresource?: string;
    namespace?: string;
    name?: string;
    fieldSelector?: ReviewedSelector;
  };
  nonResourceAttributes?: { verb?: string; path?: string };
  /** Of a rules review. */
  namespace?: string;
  user?: string;
  groups?: string[];
  uid?: string;
  extra?: Record<string, string[]>;
  /** Of a token review. */
  token?: string;
  audiences?: string[];
}

export class SelfReviews implements ComputedResources {
  readonly kinds = reviewKinds;
  readonly #api: ApiServer;

  readonly #authenticator: Authenticator;
  readonly #yaml: YamlBodies;

  constructor(api: ApiServer, authenticator: Authenticator, yaml: YamlBodies) {
    this.#api = api;
    this.#authenticator = authenticator;
    this.#yaml = yaml;
  }

  async serve(exchange: ComputedRequest, kind: KindDefinition): Promise<void> {
    const { request, path, user, signal } = exchange;
    if (request.method !== 'POST' || path.name !== undefined || kind.namespaced !== (path.namespace !== undefined)) throw wrongMethod();
    // There is no metadata that a table of it could show.
    if (!acceptsWhole(request.headers.accept)) throw notAcceptable();
    const { value: body } = await decodeObject(request.headers['content-type'], exchange.body, { yaml: this.#yaml, signal });
    exchange.audit?.requestObject(body);
    const { value, errors } = checkTypes(kind.schema, body);
    const [error] = errors;
    if (error) throw StatusError.badRequest(`${kind.kind}: ${error.field}: ${fieldMessage(error)}`);
    const asked = (value.spec ?? {}) as AccessSpec;
    checkNamespace(kind, path.namespace, asked);
    const status = await this.#status(kind, user, asked);
    const { metadata, spec } = value;
    const own = { kind: kind.kind, apiVersion: apiVersionOf(kind), metadata: metadata ?? {}, ...(spec !== undefined && { spec }) };
    const answer = { ...own, status };
    exchange.audit?.responseObject(answer);
    await sendJson(exchange, 201, answer);
  }

  async #status(kind: KindDefinition, user: User, spec: AccessSpec): Promise<unknown> {
    if (kind.kind === 'SelfSubjectReview') return { userInfo: userInfo(user) };
    if (kind.kind === 'TokenReview') return this.#tokenStatus(spec);
    if (kind.kind === 'SelfSubjectRulesReview') return rulesStatus(this.#api.rulesFor(user, spec.namespace ?? ''));
    const subject = kind.kind === 'SelfSubjectAccessReview' ? user : subjectOf(kind, spec);
    const { allowed, reason } = await this.#api.isAllowed(subject, attributesOf(kind, spec));
    return { allowed, ...(reason && { reason }) };
  }

  async #tokenStatus({ token, audiences: wanted }: AccessSpec): Promise<unknown> {
    if (!token) throw StatusError.badRequest('token is required for TokenReview in authentication');
    try {
      const { user, audiences } = await this.#authenticator.reviewToken(token, wanted);
      return { authenticated: true, user: userInfo(user), audiences };
    } catch (error) {
      if (!(error instanceof TokenError)) throw error;
      return { user: {}, error: error.message };
    }
  }
}

function userInfo({ name, uid, groups, extra }: User): unknown {
  return { username: name, ...(uid && { uid }), groups, ...(extra && { extra }) };
}

function attributesOf(kind: KindDefinition, { resourceAttributes, nonResourceAttributes }: AccessSpec): Attributes {
  if (resourceAttributes && !nonResourceAttributes) {
    const { verb = '', group = '', resource = '', subresource, namespace, name, fieldSelector } = resourceAttributes;
    return { verb, group, resource, subresource, namespace, name, ...(fieldSelector && { fieldSelector: requirementsOf(fieldSelector) }) };
  }
  if (nonResourceAttributes && !resourceAttributes) {
    return { verb: nonResourceAttributes.verb ?? '', path: nonResourceAttributes.path ?? '' };
  }
  const field = 'spec.resourceAttributes';
  const detail = 'exactly one of nonResourceAttributes or resourceAttributes must be specified';
  throw StatusError.invalid(kind, '', [{ type: 'Invalid', field, detail }]);
}

/** What cannot be read narrows nothing down, so it is left out. */
function requirementsOf({ rawSelector, requirements = [] }: ReviewedSelector): FieldRequirement[] {
  if (rawSelector) return selectedFields(rawSelector) ?? [];
  return requirements.flatMap(({ key = '', operator, values = [] }) => {
    const [value, ...more] = values;
    if (value === undefined || more.length > 0 || (operator !== 'In' && operator !== 'NotIn')) return [];
    return [{ field: key, operator: operator === 'In' ? '=' : '!=', value }];
  });
}

/** A local review is about its own namespace. */
function checkNamespace(kind: KindDefinition, namespace: string | undefined, { resourceAttributes }: AccessSpec): void {
  if (!kind.namespaced || resourceAttributes?.namespace === namespace) return;
  const detail = `must match metadata.namespace: ${namespace}`;
  const value = resourceAttributes?.namespace ?? '';
  throw StatusError.invalid(kind, '', [{ type: 'Invalid', field: 'spec.resourceAttributes.namespace', value, detail }]);
}

/** Whom a review asks about. */
function subjectOf(kind: KindDefinition, { user, groups, uid, extra }: AccessSpec): User {
  if (!user && !groups?.length) {
    const detail = 'at least one of user or group must be specified';
    throw StatusError.invalid(kind, '', [{ type: 'Invalid', field: 'spec.user', value: '', detail }]);
  }
  return { name: user ?? '', groups: groups ?? [], ...(uid && { uid }), ...(extra && { extra }) };
}

function rulesStatus(rules: PolicyRule[]): unknown {
  return {
    resourceRules: rules.filter((rule) => rule.resources).map(({ nonResourceURLs: _paths, ...rule }) => rule),
    nonResourceRules: rules.filter((rule) => rule.nonResourceURLs).map(({ verbs, nonResourceURLs }) => ({ verbs, nonResourceURLs })),
    incomplete: false,
  };
}
