// How metrics know a request, with kube-apiserver's names and values. What clients write freely never becomes a label, so that the number
// of series stays bounded.
import type { KindDefinition } from '@berth/machinery';
import type { ResourcePath } from '../core/request-info.ts';
import type { ServedRequest } from '../core/served-message.ts';
import type { ParsedRequest } from './parsed-request.ts';

export interface RequestLabels {
  verb: string;
  dry_run: string;
  group: string;
  version: string;
  resource: string;
  subresource: string;
  scope: string;
  component: string;
}

const methods = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'CONNECT']);
const connections = new Set(['proxy', 'exec', 'attach', 'portforward']);
const namedPaths = new Set(['healthz', 'livez', 'readyz', 'metrics', 'version']);
const component = 'apiserver';

/** @param kind undefined for a path outside of resources, or none that is served */
export function requestLabels(request: ServedRequest, parsed: ParsedRequest | undefined, kind: KindDefinition | undefined): RequestLabels {
  const { method = '', headers } = request;
  if (!parsed?.path || !kind) {
    const root = parsed && !parsed.path ? (parsed.segments[0] ?? '') : '';
    const subresource = namedPaths.has(root) ? `/${root}` : '';
    return { verb: methodLabel(method), dry_run: '', group: '', version: '', resource: '', subresource, scope: '', component };
  }
  const { path, query } = parsed;
  const scope = scopeOf(path, parsed);
  const subresource = path.subresource !== undefined && isSubresource(kind, path.subresource) ? path.subresource : '';
  return {
    verb: verbLabel(method, headers['content-type'], parsed, scope, subresource),
    dry_run: dryRun(query),
    group: kind.group,
    version: kind.version,
    resource: kind.plural,
    subresource,
    scope,
    component,
  };
}

/** Of a request that another server answers: its version is known, what is within is that server's. */
export function aggregatedLabels(
  { method = '' }: ServedRequest,
  parsed: ParsedRequest,
  far: { group: string; version: string },
): RequestLabels {
  const verb = parsed.attributes.verb === 'watch' ? 'WATCH' : methodLabel(method);
  const none = { dry_run: '', resource: '', subresource: '', scope: '' };
  return { verb, group: far.group, version: far.version, ...none, component: 'aggregator' };
}

function methodLabel(method: string): string {
  if (method === 'HEAD') return 'GET';
  return methods.has(method) ? method : 'other';
}

function verbLabel(
  method: string,
  contentType: string | undefined,
  { attributes }: ParsedRequest,
  scope: string,
  subresource: string,
): string {
  if (connections.has(subresource)) return 'CONNECT';
  if (attributes.verb === 'watch') return 'WATCH';
  const label = methodLabel(method);
  if (label === 'GET') return scope === 'resource' ? 'GET' : 'LIST';
  return label === 'PATCH' && contentType === 'application/apply-patch+yaml' ? 'APPLY' : label;
}

function scopeOf({ namespace, name }: ResourcePath, { attributes }: ParsedRequest): string {
  const named = 'name' in attributes ? attributes.name : name;
  if (named !== undefined || attributes.verb === 'create') return 'resource';
  return namespace === undefined ? 'cluster' : 'namespace';
}

/** Whether there is such a part of a kind's objects; the whole is one. */
export function isServedPart({ subresources }: KindDefinition, name: string | undefined): boolean {
  if (name === undefined) return true;
  if (name === 'status' || name === 'scale') return subresources[name] !== undefined;
  return subresources.other?.some((other) => other.name === name) ?? false;
}

function isSubresource({ subresources }: KindDefinition, name: string): boolean {
  return name === 'status' || name === 'scale' || (subresources.other?.some((other) => other.name === name) ?? false);
}

function dryRun(query: URLSearchParams): string {
  const values = query.getAll('dryRun');
  if (values.length === 0) return '';
  return values.every((value) => value === 'All') ? 'All' : 'invalid';
}
