// `authorizer` in expressions: what the user of a request, or a service account, may do. Kubernetes' library of this name; it asks the
// authorizer of this server, which answers at once.
import { parseFieldSelector, StatusError } from '@berth/machinery';
import type { Extension } from '../../../cel/environment.ts';
import { ExpressionError } from '../../../cel/expression-error.ts';
import type { CelFunction } from '../../../cel/functions.ts';
import type { Attributes, Authorizer } from '../../authorizer.ts';
import type { User } from '../../types.ts';
import { type AdmissionFacts, namespaceOf, requestedKind } from './admission-facts.ts';

/** As many as Kubernetes counts: two in an expression, at most. */
const checkUnits = 350_000;

const root = 'kubernetes.authorization';

/** Whose rights are asked for. */
interface Principal {
  user: User;
  authorizer: Pick<Authorizer, 'authorize'>;
}

export class AuthorizerValue {
  readonly principal: Principal;
  /** What the request itself is about. */
  readonly requestResource: ResourceCheck | undefined;

  constructor(principal: Principal, facts?: AdmissionFacts) {
    this.principal = principal;
    this.requestResource = facts && ResourceCheck.of(principal, facts);
  }
}

class GroupCheck {
  readonly principal: Principal;
  readonly group: string;

  constructor(principal: Principal, group: string) {
    this.principal = principal;
    this.group = group;
  }
}

interface Asked {
  group: string;
  resource: string;
  subresource?: string;
  namespace?: string;
  name?: string;
  fieldSelector?: string;
}

class ResourceCheck {
  readonly principal: Principal;
  readonly asked: Asked;

  constructor(principal: Principal, asked: Asked) {
    this.principal = principal;
    this.asked = asked;
  }

  static of(principal: Principal, facts: AdmissionFacts): ResourceCheck {
    const { group, plural } = requestedKind(facts);
    const { subresource = '', name } = facts;
    return new ResourceCheck(principal, { group, resource: plural, subresource, namespace: namespaceOf(facts), name });
  }

  with(part: Partial<Asked>): ResourceCheck {
    return new ResourceCheck(this.principal, { ...this.asked, ...part });
  }

  check(verb: string): Decision {
    const { group, resource, subresource, namespace, name, fieldSelector } = this.asked;
    return Decision.of(this.principal, {
      ...{ verb, group, resource },
      ...(subresource && { subresource }),
      ...(namespace && { namespace }),
      ...(name && { name }),
      ...(fieldSelector && { fieldSelector: requirementsOf(fieldSelector) }),
    });
  }
}

/** One that cannot be parsed selects nothing in particular, as in Kubernetes. */
function requirementsOf(selector: string) {
  try {
    return parseFieldSelector(selector);
  } catch (error) {
    if (error instanceof StatusError) return [];
    throw error;
  }
}

class PathCheck {
  readonly principal: Principal;
  readonly path: string;

  constructor(principal: Principal, path: string) {
    this.principal = principal;
    this.path = path;
  }
}

class Decision {
  readonly isAllowed: boolean;
  readonly reason: string;
  readonly error: string;

  constructor(isAllowed: boolean, reason: string, error: string) {
    this.isAllowed = isAllowed;
    this.reason = reason;
    this.error = error;
  }

  static of({ user, authorizer }: Principal, attributes: Attributes): Decision {
    const answer = authorizer.authorize(user, attributes);
    if (answer instanceof Promise) return new Decision(false, '', 'the authorizer does not answer at once');
    return new Decision(answer.allowed, answer.reason ?? '', '');
  }
}

/** @throws ExpressionError for what is blank */
function given(name: string, value: string): string {
  if (value.trim() === '') throw new ExpressionError(`${name} must not be empty`);
  return value;
}

const subdomain = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const label = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;

function serviceAccount({ principal }: AuthorizerValue, namespace: string, name: string): AuthorizerValue {
  if (name.length > 253 || !subdomain.test(name)) throw new ExpressionError('Invalid service account name');
  if (namespace.length > 63 || !label.test(namespace)) throw new ExpressionError('Invalid service account namespace');
  const user = {
    name: `system:serviceaccount:${namespace}:${name}`,
    groups: ['system:serviceaccounts', `system:serviceaccounts:${namespace}`, 'system:authenticated'],
  };
  return new AuthorizerValue({ ...principal, user });
}

export const authorization: Extension = {
  types: [
    { name: `${root}.Authorizer`, ctor: AuthorizerValue, fields: { requestResource: `${root}.ResourceCheck` } },
    { name: `${root}.GroupCheck`, ctor: GroupCheck },
    { name: `${root}.ResourceCheck`, ctor: ResourceCheck },
    { name: `${root}.PathCheck`, ctor: PathCheck },
    { name: `${root}.Decision`, ctor: Decision },
  ],
  functions: (meter): CelFunction[] => [
    [
      `${root}.Authorizer.path(string): ${root}.PathCheck`,
      (of: AuthorizerValue, path: string) => new PathCheck(of.principal, given('path', path)),
    ],
    [`${root}.Authorizer.group(string): ${root}.GroupCheck`, (of: AuthorizerValue, group: string) => new GroupCheck(of.principal, group)],
    [`${root}.Authorizer.serviceAccount(string, string): ${root}.Authorizer`, serviceAccount],
    [
      `${root}.GroupCheck.resource(string): ${root}.ResourceCheck`,
      ({ principal, group }: GroupCheck, resource: string) =>
        new ResourceCheck(principal, { group, resource: given('resource', resource) }),
    ],
    ...(['subresource', 'namespace', 'name', 'fieldSelector'] as const).map(
      (part): CelFunction => [
        `${root}.ResourceCheck.${part}(string): ${root}.ResourceCheck`,
        (of: ResourceCheck, value: string) => of.with({ [part]: value }),
      ],
    ),
    // Nothing that decides here looks at labels.
    [`${root}.ResourceCheck.labelSelector(string): ${root}.ResourceCheck`, (of: ResourceCheck) => of],
    [
      `${root}.ResourceCheck.check(string): ${root}.Decision`,
      (of: ResourceCheck, verb: string) => {
        meter.spend(checkUnits);
        return of.check(verb);
      },
    ],
    [
      `${root}.PathCheck.check(string): ${root}.Decision`,
      ({ principal, path }: PathCheck, verb: string) => {
        meter.spend(checkUnits);
        return Decision.of(principal, { verb, path });
      },
    ],
    [`${root}.Decision.allowed(): bool`, (of: Decision) => of.isAllowed],
    [`${root}.Decision.reason(): string`, (of: Decision) => of.reason],
    [`${root}.Decision.errored(): bool`, (of: Decision) => of.error !== ''],
    [`${root}.Decision.error(): string`, (of: Decision) => of.error],
  ],
};
