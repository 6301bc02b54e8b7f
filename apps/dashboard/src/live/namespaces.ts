// Which namespaces whoever may not see all of them can look at: all that there are, if they may list them; otherwise those that their rights
// name and those that they have been in, as far as they may list pods there. Without a list there may always be more.
import type { Namespace } from '@berth/api';
import { collectionPath, types } from '../model/resource-types.ts';
import { namedNamespaces, type ResourceRule } from '../model/rights.ts';
import type { Access } from './access.ts';
import type { ApiClient } from './api-client.ts';

export interface Namespaces {
  names: string[];
  /** False where there may be more. */
  areAll: boolean;
}

const checkedMax = 50;
const visitedMax = 20;
const visitedKey = 'berth-namespaces';

/** @param own that one is in, or would be */
export async function namespacesOf(api: ApiClient, access: Access, own: string): Promise<Namespaces> {
  const mayLook = (namespace: string) => access.isAllowed({ verb: 'list', group: '', resource: 'pods', namespace });
  if (await access.isAllowed({ verb: 'list', group: '', resource: 'namespaces' })) {
    const { items } = await api.list(collectionPath(types.Namespace), {});
    return { names: (items as Namespace[]).map(({ metadata }) => metadata.name).sort(), areAll: true };
  }
  const candidates = [...new Set([own, ...visited(), ...(await named(api, own))])].slice(0, checkedMax);
  const allowed = await Promise.all(candidates.map(mayLook));
  return { names: candidates.filter((_, index) => allowed[index]).sort(), areAll: false };
}

async function named(api: ApiClient, namespace: string): Promise<string[]> {
  const { object } = await api.write({
    method: 'POST',
    path: '/apis/authorization.k8s.io/v1/selfsubjectrulesreviews',
    body: { apiVersion: 'authorization.k8s.io/v1', kind: 'SelfSubjectRulesReview', spec: { namespace } },
  });
  return namedNamespaces((object as { status?: { resourceRules?: ResourceRule[] } }).status?.resourceRules ?? []);
}

/** In this tab, the last one first. */
export function visited(): string[] {
  return (sessionStorage.getItem(visitedKey) ?? '').split(' ').filter(Boolean);
}

export function visit(namespace: string): void {
  sessionStorage.setItem(visitedKey, [namespace, ...visited().filter((other) => other !== namespace)].slice(0, visitedMax).join(' '));
}
