// What `--of requests` asks: requests that clients send by mistake, or that only some clients send: methods where there is none, media
// types, options that no handler knows or that contradict each other, bodies that are no objects, paths with odd characters. The object
// that they are about is a plain one, so that what differs is how a request is read.
import type { KindDefinition } from '@berth/machinery';
import { seededRandom } from '@berth/telemetry';
import { ambientKinds } from './ambient-samples.ts';
import type { Request } from './api-server.ts';
import { acceptHeaders } from './odd-headers.ts';
import { queryOptions } from './odd-options.ts';
import { continueTokens, selectorOptions } from './odd-selectors.ts';
import { bodies, deletions, drawn, mine, names, one, patches, writes } from './odd-writes.ts';
import { plainObject } from './samples.ts';
import { collectionOf, query, type Scenario, type Scene, type Step, step } from './scenarios.ts';

const requestsEach = 6;
/** Long enough for what a watch begins with. */
const watchMsMax = 1_200;

/** Each depends on the seed and its number alone. */
export function oddScenario(seed: number, number: number, kinds: KindDefinition[]): Scenario {
  const random = seededRandom(Math.imul(seed, 1_000_003) + number);
  // The seeds of neighbours resemble each other at first.
  for (let i = 0; i < 5; i++) random.next();
  const kind = one(random, kinds);
  const object = plainObject(kind, number);
  const collection = collectionOf(kind);
  const path = `${collection}/${object.metadata.name}`;
  const scene: Scene = { number, kind, random, object, collection, path, validation: '', dry: ambientKinds.has(kind.kind) };
  const steps = [
    step('create plain', { method: 'POST', path: `${collection}${query(scene.dry ? 'dryRun=All' : '')}`, body: structuredClone(object) }),
  ];
  while (steps.length < requestsEach) steps.push(one(random, plans)(scene));
  return { number, kind, steps };
}

const plans: readonly ((scene: Scene) => Step)[] = [
  methods,
  fixedPaths,
  accepts,
  bodies,
  reads,
  reads,
  lists,
  lists,
  watches,
  writes,
  writes,
  patches,
  deletions,
  deletions,
  paths,
  names,
];

/** A method, on each kind of path that there is. */
function methods({ random, kind, collection, path, object }: Scene): Step {
  const root = kind.group ? `/apis/${kind.group}/${kind.version}` : `/api/${kind.version}`;
  const at = one(random, [
    collection,
    path,
    `${path}/status`,
    `${path}/scale`,
    `${path}/bogus`,
    `${path}/status/more`,
    `${root}/${kind.plural}`,
    `${root}/${kind.plural}/${object.metadata.name}`,
    `${root}/watch/${kind.plural}`,
    `${root}/namespaces/differential/bogus`,
    `${root}/bogus`,
    root,
    `${root}/`,
    `${collection}/`,
    `${path}/`,
    `${collection}//x`,
    '/api/v1/namespaces/differential/pods/absent/binding',
    '/api/v1/namespaces/differential/bindings',
    '/apis/authentication.k8s.io/v1/tokenreviews',
    '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews',
    '/api/v1/componentstatuses',
    '/api/v1/nodes/absent/proxy',
  ]);
  const method = one(random, ['GET', 'HEAD', 'OPTIONS', 'POST', 'PUT', 'PATCH', 'DELETE', 'TRACE', 'PROPFIND']);
  // Whole collections are not this scenario's to delete, nor may an object change here.
  const isSafe = !['POST', 'PUT', 'PATCH', 'DELETE'].includes(method);
  const options = method === 'DELETE' || method === 'PATCH' || method === 'PUT' ? ['dryRun=All'] : [];
  const body = isSafe ? undefined : one(random, [undefined, {}, object]);
  const request: Request = { method, path: `${at}${query(...options, 'limit=1', 'timeoutSeconds=1', mine(object))}`, body };
  return step(`method ${method}`, {
    ...request,
    lines: at.includes('/watch/') ? 1 : undefined,
    cutMs: watchMsMax,
    ignoreBody: isList(at, method),
  });
}

/** Of other scenarios' objects there are more on one server than on the other. */
function isList(path: string, method: string): boolean {
  return method === 'GET' && !/\/s\d/.test(path) && !path.includes('bogus');
}

function fixedPaths({ random, kind }: Scene): Step {
  const group = kind.group || 'apps';
  const path = one(random, [
    ...['/', '/api', '/api/', '/apis', '/apis/', '/api/v1', '/api/v1/', '/api/v2', `/apis/${group}`, `/apis/${group}/`],
    ...[`/apis/${group}/v9`, `/apis/bogus`, '/apis/bogus/v1', '/bogus', '/api/bogus', '/version', '/version/', '/version/x'],
    ...[
      '/healthz',
      '/livez',
      '/readyz',
      '/healthz/',
      '/healthz/ping',
      '/healthz/bogus',
      '/livez/ping',
      '/readyz/ping',
      '/healthz?exclude=x',
    ],
    ...['/openapi', '/openapi/', '/openapi/v2/x', '/openapi/v3/bogus', '/openapi/v3/apis/bogus/v1', '/openapi/v4'],
    ...['/openid', '/openid/v1', '/.well-known', '/.well-known/x', '/logs', '/static', '/swagger.json', '/favicon.ico', '/index.html'],
    ...['//api', '/api//v1', '/./api', '/api/../apis', '/API', '/%61pi', '/api%2Fv1', '/api/v1%2Fpods', '/apis/%zz', '/apis/a b'],
  ]);
  const method = one(random, ['GET', 'GET', 'GET', 'HEAD', 'OPTIONS', 'POST', 'DELETE']);
  const accept = one(random, [...acceptHeaders, undefined, undefined]);
  // What they hold is compared elsewhere; how it is answered is compared here.
  return step('fixed path', {
    method,
    path: path.replace(' ', '%20'),
    accept,
    ignoreBody: !path.includes('ping') && !path.includes('bogus'),
  });
}

function accepts(scene: Scene): Step {
  const { random, collection, path, object } = scene;
  const accept = one(random, acceptHeaders);
  const kind = random.int(4);
  if (kind === 0) return step('accept list', { method: 'GET', path: `${collection}${query(mine(object))}`, accept });
  if (kind === 1)
    return step('accept watch', { method: 'GET', path: watchPath(scene, 'timeoutSeconds=1'), accept, lines: 1, cutMs: watchMsMax });
  if (kind === 2) return step('accept write', { method: 'PUT', path: `${path}${query('dryRun=All')}`, accept, body: object });
  return step('accept get', { method: 'GET', path, accept });
}

function watchPath({ collection, object }: Scene, ...options: string[]): string {
  return `${collection}${query('watch=true', mine(object), ...options)}`;
}

function reads({ random, path, kind }: Scene): Step {
  const at = random.int(3) === 0 && kind.subresources.status ? `${path}/status` : path;
  return step('get options', { method: 'GET', path: `${at}${query(...drawn(random, queryOptions, 2))}` });
}

function lists(scene: Scene): Step {
  const { random, object, kind } = scene;
  const every = random.int(6) === 0 ? scene.collection.replace(/\/namespaces\/[^/]+/, '') : scene.collection;
  const options = [...drawn(random, queryOptions, 2), random.int(2) ? one(random, selectorOptions(kind)) : ''];
  if (random.int(8) === 0) options.push(`continue=${encodeURIComponent(one(random, continueTokens))}`);
  const accept = one(random, [undefined, undefined, ...acceptHeaders.slice(0, 4)]);
  const isWatch = options.some((option) => /^watch=/.test(option));
  return step('list options', {
    method: 'GET',
    path: `${every}${query(...options, mine(object))}`,
    accept,
    ...(isWatch && { lines: 1, cutMs: watchMsMax }),
  });
}

function watches(scene: Scene): Step {
  const { random, kind, path, object } = scene;
  const options = [...drawn(random, queryOptions, 2), random.int(3) ? '' : one(random, selectorOptions(kind))];
  const accept = one(random, [undefined, undefined, undefined, ...acceptHeaders.slice(0, 4)]);
  const at = one(random, [
    watchPath(scene, ...options),
    `${path}${query('watch=true', ...options)}`,
    `${scene.collection}${query('watch=1', `fieldSelector=metadata.name%3D${object.metadata.name}`, ...options)}`,
    path.replace(/^(\/apis?\/(?:[^/]+\/)?v[^/]+)\//, '$1/watch/') + query(...options),
  ]);
  return step('watch options', { method: 'GET', path: at, accept, lines: 1, cutMs: watchMsMax });
}

function paths({ random, collection, path, object }: Scene): Step {
  const name = object.metadata.name;
  const at = one(random, [
    `${collection}/${encodeURIComponent(`${name} x`)}`,
    `${collection}/%2e%2e`,
    `${collection}/..`,
    `${collection}/.`,
    `${collection}/%2F`,
    `${collection}/${name}%2Fstatus`,
    `${collection}/${name}%00`,
    `${collection}/${name}%20`,
    `${collection}/%`,
    `${collection}/%C3%BC`,
    `${collection}/${name.toUpperCase()}`,
    `${collection}/${'x'.repeat(300)}`,
    `${collection}/${name};a=b`,
    `${collection}/${name}#x`,
    `${path}?`,
    `${path}?&&`,
    `${path}?=`,
    `${path}?%`,
    `${path}?a=%zz`,
    `${path}?a;b`,
    `${path}/status?x=1`,
    path.replace('differential', 'Differential'),
    path.replace('differential', 'a_b'),
    path.replace('/v1', '/v2'),
  ]);
  return step('odd path', { method: one(random, ['GET', 'GET', 'GET', 'DELETE', 'PUT']), path: at.replace('#', '%23'), body: undefined });
}
