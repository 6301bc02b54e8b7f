// The operations of a kind in OpenAPI: which verbs its paths have and which parameters they take. kubectl looks for
// fieldValidation and dryRun on PATCH before it trusts the server with either.
import type { KindDefinition } from './kind.ts';

export type OpenApi = Record<string, unknown>;

const query = (name: string, type: 'string' | 'integer' | 'boolean', description: string): OpenApi => ({
  name,
  in: 'query',
  description,
  schema: { type, uniqueItems: true },
});
const path = (name: string, description: string): OpenApi => ({
  name,
  in: 'path',
  required: true,
  description,
  schema: { type: 'string', uniqueItems: true },
});

const pretty = query('pretty', 'string', 'Whether the answer is indented.');
const dryRun = query('dryRun', 'string', 'With All, nothing is stored.');
const fieldManager = query('fieldManager', 'string', 'Who makes this change.');
const fieldValidation = query('fieldValidation', 'string', 'What becomes of unknown fields: Ignore, Warn or Strict.');
const force = query('force', 'boolean', 'Takes fields over from other managers; server-side apply only.');
const writes = [dryRun, fieldManager, fieldValidation];
const lists = [
  query('allowWatchBookmarks', 'boolean', 'Whether a watch may send bookmarks.'),
  query('continue', 'string', 'Where the next page begins.'),
  query('fieldSelector', 'string', 'Which objects, by field.'),
  query('labelSelector', 'string', 'Which objects, by label.'),
  query('limit', 'integer', 'Objects a page.'),
  query('resourceVersion', 'string', 'The version to read or to watch from.'),
  query('resourceVersionMatch', 'string', 'How exactly resourceVersion is meant.'),
  query('sendInitialEvents', 'boolean', 'Whether a watch begins with what exists.'),
  query('timeoutSeconds', 'integer', 'When the call ends.'),
  query('watch', 'boolean', 'Whether changes follow.'),
];
const deletes = [
  dryRun,
  query('gracePeriodSeconds', 'integer', 'How long the object may take to end.'),
  query('propagationPolicy', 'string', 'What becomes of dependents: Orphan, Background or Foreground.'),
];

/** Paths of one kind, with `body` as the reference to its definition. */
export function operations(kind: KindDefinition, body: OpenApi): Record<string, OpenApi> {
  const base = `/${kind.group ? `apis/${kind.group}` : 'api'}/${kind.version}`;
  const collection = kind.namespaced ? `${base}/namespaces/{namespace}/${kind.plural}` : `${base}/${kind.plural}`;
  const scope = kind.namespaced ? [path('namespace', 'The namespace of the object.')] : [];
  const named = [path('name', `The name of the ${kind.kind}.`), ...scope];
  if (kind.verbs?.join() === 'create') return { [collection]: { post: operation(kind, 'post', writes, body, true), parameters: scope } };
  const paths: Record<string, OpenApi> = {};
  if (kind.namespaced) paths[`${base}/${kind.plural}`] = { get: operation(kind, 'list', lists, body), parameters: [pretty] };
  paths[collection] = {
    get: operation(kind, 'list', lists, body),
    post: operation(kind, 'post', writes, body, true),
    delete: operation(kind, 'deletecollection', [...lists, ...deletes], body),
    parameters: [...scope, pretty],
  };
  paths[`${collection}/{name}`] = {
    get: operation(kind, 'get', [], body),
    put: operation(kind, 'put', writes, body, true),
    patch: patchOperation(kind, body),
    delete: operation(kind, 'delete', deletes, body),
    parameters: [...named, pretty],
  };
  for (const subresource of [...(kind.subresources.status ? ['status'] : []), ...(kind.subresources.scale ? ['scale'] : [])]) {
    paths[`${collection}/{name}/${subresource}`] = {
      get: operation(kind, 'get', [], body),
      put: operation(kind, 'put', writes, body, true),
      patch: patchOperation(kind, body),
      parameters: [...named, pretty],
    };
  }
  return paths;
}

function operation(kind: KindDefinition, action: string, parameters: OpenApi[], body: OpenApi, sends = false): OpenApi {
  return {
    tags: [`${kind.group || 'core'}_${kind.version}`],
    parameters,
    ...(sends && { requestBody: { content: { '*/*': { schema: body } }, required: true } }),
    responses: { '200': { description: 'OK', content: { 'application/json': { schema: body } } }, '401': { description: 'Unauthorized' } },
    'x-kubernetes-action': action,
    'x-kubernetes-group-version-kind': { group: kind.group, version: kind.version, kind: kind.kind },
  };
}

/** kubectl sends a strategic merge patch where it is listed; kinds that users define take none. */
function patchOperation(kind: KindDefinition, body: OpenApi): OpenApi {
  const types = [
    ...['application/json-patch+json', 'application/merge-patch+json'],
    ...(kind.readContent ? [] : ['application/strategic-merge-patch+json']),
    'application/apply-patch+yaml',
  ];
  const content = Object.fromEntries(types.map((type) => [type, { schema: { type: 'object' } }]));
  return { ...operation(kind, 'patch', [...writes, force], body), requestBody: { content, required: true } };
}
