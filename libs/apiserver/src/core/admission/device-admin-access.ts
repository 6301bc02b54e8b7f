// Access to devices that others use is for administrators: a namespace must say that it is one of theirs.
import type { Namespace, ResourceClaim, ResourceClaimTemplate, resourceV1 } from '@berth/api';
import type { FieldError } from '@berth/machinery';
import type { AdmissionPlugin, AdmissionRequest } from './admission.ts';
import { isKind } from './request-predicates.ts';

const group = 'resource.k8s.io';
const label = 'resource.kubernetes.io/admin-access';

export class DeviceAdminAccess implements AdmissionPlugin {
  readonly name = 'DeviceAdminAccess';
  readonly #namespace: (name: string) => Promise<Namespace | undefined>;

  constructor(namespace: (name: string) => Promise<Namespace | undefined>) {
    this.#namespace = namespace;
  }

  fieldErrors(request: AdmissionRequest): FieldError[] | Promise<FieldError[]> {
    const field = asked(request);
    return field === undefined ? [] : this.#errors(request, field);
  }

  async #errors({ namespace = '' }: AdmissionRequest, field: string): Promise<FieldError[]> {
    const { metadata } = (await this.#namespace(namespace)) ?? {};
    if (metadata?.labels?.[label] === 'true') return [];
    const detail = `admin access to devices requires the \`${label}: true\` label on the containing namespace`;
    return [{ type: 'Forbidden', field, detail }];
  }
}

/** Where admin access is asked for, or given, that was not before: what is asked for cannot change. */
function asked({ kind, operation, subresource, object, old }: AdmissionRequest): string | undefined {
  if (isKind(kind, group, 'ResourceClaim')) {
    if (operation === 'CREATE') return asksFor((object as ResourceClaim).spec);
    return subresource === 'status' && !given(old as ResourceClaim) ? given(object as ResourceClaim) : undefined;
  }
  if (!isKind(kind, group, 'ResourceClaimTemplate') || operation !== 'CREATE') return undefined;
  return asksFor((object as ResourceClaimTemplate).spec.spec);
}

function asksFor(spec: resourceV1.ResourceClaimSpec | undefined): string | undefined {
  const index = (spec?.devices?.requests ?? []).findIndex(({ exactly }) => exactly?.adminAccess);
  // Kubernetes names it as earlier versions had it, for templates as well.
  return index === -1 ? undefined : `spec.devices.requests[${index}].adminAccess`;
}

function given({ status }: ResourceClaim): string | undefined {
  const index = (status?.allocation?.devices?.results ?? []).findIndex(({ adminAccess }) => adminAccess);
  return index === -1 ? undefined : `status.allocation.devices.results[${index}].adminAccess`;
}
