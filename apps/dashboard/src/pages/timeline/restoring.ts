// The action that makes an object again as it was: created anew from what was, without what another one cannot have. Pure.
import { portableObject, type Service, takenByServices } from '@berth/api';
import type { Action } from '../../model/actions/action.ts';
import type { KubernetesObject } from '../../model/kubernetes-object.ts';
import { collectionPath, kubectlName, type ResourceType } from '../../model/resource-types.ts';

export interface Restored {
  type: ResourceType;
  /** As it was. */
  past: KubernetesObject;
  /** When that was, milliseconds. */
  atMs: number;
  /** Those that there are today, where a service is to be made again. */
  services: KubernetesObject[];
}

export function restoreAction({ type, past, atMs, services }: Restored): Action {
  const { namespace, name = '' } = past.metadata;
  const whole = { apiVersion: type.group ? `${type.group}/${type.version}` : type.version, kind: type.kind, ...past };
  const taken = takenByServices(services as unknown as Service[]);
  const body = portableObject(whole as unknown as Service, { taken });
  const where = namespace ? ` -n ${namespace}` : '';
  const kubectl = `berth at ${new Date(atMs).toISOString()} get ${kubectlName(type, name)}${where} -o yaml | kubectl apply -f -`;
  return {
    id: 'restore',
    kind: type.kind,
    label: 'Bring back',
    title: `Bring back ${type.kind.toLowerCase()}/${name}`,
    effect: `It is made again as it was at ${new Date(atMs).toLocaleString()}: another object of the same name, which others make what belongs to it for.`,
    access: [restoreQuestion(type, namespace)],
    plan: () => ({ request: { method: 'POST', path: collectionPath(type, namespace), body }, kubectl }),
  };
}

export function restoreQuestion(type: ResourceType, namespace: string | undefined): Action['access'][number] {
  return { verb: 'create', group: type.group, resource: type.resource, namespace };
}
