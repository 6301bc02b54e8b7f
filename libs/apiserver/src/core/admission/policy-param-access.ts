// Nobody reads by a policy what they may not read themselves: who writes one may read all objects of its kind of parameters, and who writes
// a binding the object that it names (pkg/registry/admissionregistration/*/authz.go).
import type { admissionregistrationV1 } from '@berth/api';
import { deepEqual, type FieldError, type KubeObject, StatusError } from '@berth/machinery';
import type { Attributes } from '../authorizer.ts';
import type { KindsByName } from '../kinds-by-name.ts';
import type { User } from '../types.ts';
import type { AdmissionPlugin, AdmissionRequest } from './admission.ts';

type ParamKind = admissionregistrationV1.ParamKind;

interface Policy extends KubeObject {
  spec: { paramKind?: ParamKind };
}

interface Binding extends KubeObject {
  spec: { policyName?: string; paramRef?: admissionregistrationV1.ParamRef };
}

export interface PolicyParamAccessOptions {
  kinds: KindsByName;
  isAllowed(user: User, attributes: Attributes): Promise<boolean>;
  /** Of a binding's kind. Undefined when there is none. */
  policyOf(binding: AdmissionRequest['kind'], name: string): Promise<Policy | undefined>;
}

export class PolicyParamAccess implements AdmissionPlugin {
  readonly name = 'PolicyParamAccess';
  readonly #options: PolicyParamAccessOptions;

  constructor(options: PolicyParamAccessOptions) {
    this.#options = options;
  }

  async validate(request: AdmissionRequest): Promise<void> {
    const { kind, user, subresource } = request;
    if (kind.group !== 'admissionregistration.k8s.io' || subresource || user.groups.includes('system:masters')) return;
    const problem = kind.kind.endsWith('PolicyBinding') ? await this.#binding(request) : await this.#policy(request);
    if (problem) throw StatusError.invalid(kind, request.object.metadata.name, [problem]);
  }

  async #policy({ user, object, old }: AdmissionRequest): Promise<FieldError | undefined> {
    const { paramKind } = (object as Policy).spec ?? {};
    if (!paramKind || (old && deepEqual(paramKind, (old as Policy).spec?.paramKind))) return undefined;
    if (await this.#options.isAllowed(user, { verb: 'get', ...this.#resourceOf(paramKind), namespace: '*', name: '*' })) return undefined;
    const { kind, apiVersion } = paramKind;
    const what = `must have "get" permission on all objects of the referenced paramKind (kind=${kind}, apiVersion=${apiVersion})`;
    return { type: 'Forbidden', field: 'spec.paramKind', detail: `user ${userText(user)} ${what}` };
  }

  async #binding({ kind, user, object, old }: AdmissionRequest): Promise<FieldError | undefined> {
    const { paramRef, policyName = '' } = (object as Binding).spec ?? {};
    const before = (old as Binding | undefined)?.spec;
    if (!paramRef || (before && deepEqual(paramRef, before.paramRef) && policyName === before.policyName)) return undefined;
    const policy = await this.#options.policyOf(kind, policyName);
    const verb = paramRef.name ? 'get' : 'list';
    const resource = this.#resourceOf(policy?.spec.paramKind);
    const place = { namespace: paramRef.namespace || undefined, name: paramRef.name || undefined };
    if (await this.#options.isAllowed(user, { verb, ...resource, ...place })) return undefined;
    const detail = policy
      ? `user ${userText(user)} does not have "${verb}" permission on the object referenced by paramRef`
      : `unable to get policy ${policyName} to determine minimum required permissions and user ${userText(user)} does not have "${verb}" permission for all groups, versions and resources`;
    return { type: 'Forbidden', field: 'spec.paramRef', detail };
  }

  /** Everything, where it is not known what it is. */
  #resourceOf({ apiVersion = '', kind = '' }: ParamKind = {}): { group: string; resource: string } {
    const slash = apiVersion.indexOf('/');
    const [group, version] = slash < 0 ? ['', apiVersion] : [apiVersion.slice(0, slash), apiVersion.slice(slash + 1)];
    if (apiVersion === '') return { group: '*', resource: '*' };
    return { group, resource: this.#options.kinds.kind(group, version, kind)?.plural ?? '*' };
  }
}

/** As Go prints who somebody is. */
function userText({ name, uid = '', groups, extra = {} }: User): string {
  const others = Object.entries(extra).map(([key, values]) => `${key}:[${(values as string[]).join(' ')}]`);
  return `&{${name} ${uid} [${groups.join(' ')}] map[${others.sort().join(' ')}]}`;
}
