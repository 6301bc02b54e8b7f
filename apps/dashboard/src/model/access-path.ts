// Which right a path of the API asks for, so that what would be refused is not asked for at all: a refusal is an error in the browser's
// console, and tells nothing that a review of access does not.
import type { AccessQuestion } from './actions/action.ts';

/** @param path of a collection, e.g. `/apis/apps/v1/namespaces/shop/deployments`; undefined for what is no collection */
export function listQuestion(path: string): AccessQuestion | undefined {
  const segments = path.split('/').slice(1).map(decodeURIComponent);
  const isCore = segments[0] === 'api';
  const group = isCore ? '' : (segments[1] ?? '');
  const rest = segments.slice(isCore ? 2 : 3);
  const isOfNamespace = rest[0] === 'namespaces' && rest.length === 3;
  const resource = isOfNamespace ? rest[2] : rest[0];
  if (!resource || (!isOfNamespace && rest.length !== 1)) return undefined;
  return { verb: 'list', group, resource, ...(isOfNamespace && { namespace: rest[1] }) };
}

/** `You may not list pods in namespace shop.` */
export function refusalText({ verb, group, resource, subresource, namespace }: AccessQuestion): string {
  const what = `${resource}${subresource ? `/${subresource}` : ''}${group ? `.${group}` : ''}`;
  return `You may not ${verb} ${what}${namespace ? ` in namespace ${namespace}` : ' of the whole cluster'}.`;
}
