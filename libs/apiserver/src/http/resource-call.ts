// What a path means to the core: the call of one resource.
import type { ApiServer } from '../core/api-server.ts';
import type { Call } from '../core/types.ts';
import { noSuchPath } from './responses.ts';
import type { ServedResource } from './routes.ts';

export type CallRequest = Pick<ServedResource, 'path' | 'user' | 'verb' | 'signal' | 'audit'>;

/** The request is authorized for its verb already. @throws StatusError NotFound for a path that is none */
export function resourceCall(api: ApiServer, { path, user, signal, audit, verb }: CallRequest): Call {
  const kind = api.kinds.require(path.group, path.version, path.resource);
  if (path.namespace !== undefined && !kind.namespaced) throw noSuchPath();
  if (path.name !== undefined && kind.namespaced && path.namespace === undefined) throw noSuchPath();
  const { namespace, name, subresource } = path;
  return { user, signal, audit, kind, namespace, name, subresource, allowed: verb };
}
