// Lists, watches and tables of what carries the scenario's label, and deletions with their options.
import { create, query, type Scene, type Step, step } from './scenarios.ts';

type Fields = Record<string, unknown>;

const table = 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json';
const partial = 'application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io,application/json';

const selectors = [
  'a',
  '!a',
  'a=b',
  'a in (b,c)',
  'a notin (b)',
  'a>1',
  'a>x',
  'a in',
  '=',
  'a b',
  'x y=z',
  'a==b,c!=d',
  '!',
  'A_=-',
  'a=b=c',
  `${'x'.repeat(64)}=a`,
  'a in ()',
  ',',
  'a=,b',
];
const fieldSelectors = [
  'metadata.name=a',
  'metadata.name!=a',
  'metadata.namespace=x',
  'spec.nodeName=',
  'status.phase=Running',
  'bogus=1',
  'metadata.name',
  'metadata.name==a,metadata.namespace=b',
  'type=Opaque',
  'spec.unschedulable=true',
  'a\\=b=c',
  'metadata.labels=a',
  'reason=x',
  'status.successful=1',
  '=',
  'spec.signerName=a',
  'metadata.generation=1',
];
const options = [
  'limit=1',
  'limit=-1',
  'limit=x',
  'limit=0',
  'continue=x',
  'resourceVersion=0',
  'resourceVersion=x',
  'resourceVersion=1&resourceVersionMatch=Exact',
  'resourceVersion=0&resourceVersionMatch=Exact',
  'resourceVersionMatch=Exact',
  'resourceVersionMatch=bogus&resourceVersion=1',
  'resourceVersion=-1',
  'timeoutSeconds=1',
  'limit=1&resourceVersion=0',
  'resourceVersion=99999999999&timeoutSeconds=1',
  'sendInitialEvents=true',
  'limit=1&continue=x&resourceVersion=1',
  'resourceVersion=0&resourceVersionMatch=NotOlderThan',
  'allowWatchBookmarks=true',
  'pretty=x',
  'includeObject=x',
  'includeObject=None',
  'includeObject=Object',
  'limit=9223372036854775808',
];
const watches = [
  'sendInitialEvents=true',
  'sendInitialEvents=true&resourceVersionMatch=NotOlderThan',
  'sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true',
  'resourceVersionMatch=Exact',
  'resourceVersion=x',
  'resourceVersion=0',
  'sendInitialEvents=false&resourceVersionMatch=NotOlderThan&resourceVersion=0',
  'timeoutSeconds=1',
  'resourceVersion=1',
];

export function collectionSteps(scene: Scene): Step[] {
  const { collection, number, random } = scene;
  const steps: Step[] = [create(scene)];
  const mine = `labelSelector=${encodeURIComponent(`number=n${number}`)}`;
  const choose = (values: string[]) => values[random.int(values.length)] ?? '';
  const every = random.int(6) === 0 ? collection.replace(/\/namespaces\/[^/]+/, '') : collection;
  const list = (verb: string, parts: string[], accept?: string) =>
    step(verb, { method: 'GET', path: `${every}${query(...parts)}`, accept });
  const selector = choose(selectors);
  steps.push(list('list', [mine]));
  steps.push(list('list selector', [`labelSelector=${encodeURIComponent(`number=n${number},${selector}`)}`]));
  steps.push(list('list field', [mine, `fieldSelector=${encodeURIComponent(choose(fieldSelectors))}`]));
  steps.push(list('list options', [mine, choose(options)]));
  steps.push(list('list table', [mine, random.int(2) ? choose(options) : ''], random.int(2) ? table : partial));
  if (random.int(3) === 0) {
    const lines = 1 + Number(random.int(2));
    const watch = choose(watches);
    const wanted = watch.includes('allowWatchBookmarks') ? 2 : lines;
    const accept = random.int(3) === 0 ? table : undefined;
    steps.push(
      step('watch', { method: 'GET', path: `${every}${query('watch=true', mine, watch, 'timeoutSeconds=1')}`, lines: wanted, accept }),
    );
  }
  return steps;
}

const bodies: Fields[] = [
  {},
  { gracePeriodSeconds: 0 },
  { gracePeriodSeconds: -1 },
  { gracePeriodSeconds: 5 },
  { propagationPolicy: 'Foreground' },
  { propagationPolicy: 'Background' },
  { propagationPolicy: 'Orphan' },
  { propagationPolicy: 'x' },
  { orphanDependents: true },
  { orphanDependents: true, propagationPolicy: 'Orphan' },
  { preconditions: { uid: 'x' } },
  { preconditions: { resourceVersion: '1' } },
  { dryRun: ['All'] },
  { dryRun: ['x'] },
  { dryRun: ['All', 'All'] },
  { apiVersion: 'v1', kind: 'DeleteOptions' },
  { apiVersion: 'v1', kind: 'Pod' },
  { gracePeriodSeconds: 'x' },
  { unknown: 1 },
  { ignoreStoreReadErrorWithClusterBreakingPotential: true },
];
const queries = [
  '',
  '',
  '',
  '',
  'dryRun=All',
  'dryRun=x',
  'gracePeriodSeconds=0',
  'gracePeriodSeconds=x',
  'propagationPolicy=Foreground',
  'propagationPolicy=x',
  'orphanDependents=true',
];

export function deletionSteps(scene: Scene): Step[] {
  const { path, collection, number, random } = scene;
  const finalizers = random.int(4) === 0 ? ['example.com/wait'] : undefined;
  const held = { ...scene, object: { ...scene.object, metadata: { ...scene.object.metadata, ...(finalizers && { finalizers }) } } };
  const body = random.int(5) === 0 ? undefined : bodies[random.int(bodies.length)];
  const asked = queries[random.int(queries.length)] ?? '';
  const whole = random.int(4) === 0;
  const mine = `labelSelector=${encodeURIComponent(`number=n${number}`)}`;
  const remove = whole
    ? step('delete collection', { method: 'DELETE', path: `${collection}${query(mine, asked)}`, body })
    : step('delete', { method: 'DELETE', path: `${path}${query(asked)}`, body });
  return [create(held), remove, step('get', { method: 'GET', path }), step('delete again', { method: 'DELETE', path })];
}
