// What both servers are asked: a scenario is a short run of requests about one object of its own, and depends on the seed and its
// number alone, so that any can be run again by itself.
import type { KindDefinition, KubeObject } from '@berth/machinery';
import { type Random, seededRandom } from '@berth/telemetry';
import { ambientKinds } from './ambient-samples.ts';
import type { Request } from './api-server.ts';
import { collectionSteps, deletionSteps } from './collections.ts';
import { customSteps } from './custom-objects.ts';
import { mutate } from './mutations.ts';
import { applySteps, patchSteps } from './patches.ts';
import { namespaceOf, sampleObject } from './samples.ts';
import { subresourceSteps } from './subresources.ts';

type Fields = Record<string, unknown>;

export interface Step {
  /** Under which differences are grouped. */
  verb: string;
  /** @param previous the last object that this server answered with, with the keys of Kubernetes': see `alike` in run.ts */
  request(previous: Fields | undefined): Request;
}

export interface Scenario {
  number: number;
  kind: KindDefinition;
  steps: Step[];
}

/** What the makers of steps share. */
export interface Scene {
  number: number;
  kind: KindDefinition;
  random: Random;
  object: KubeObject;
  /** The collection that the object is in, and the object. */
  collection: string;
  path: string;
  /** `fieldValidation=Strict` and the like, or nothing. */
  validation: string;
  /** Whether what is changed must not act: it is a dry run. */
  dry: boolean;
}

export function scenarioOf(seed: number, number: number, kinds: KindDefinition[]): Scenario {
  const random = seededRandom(Math.imul(seed, 1_000_003) + number);
  // The seeds of neighbours resemble each other at first.
  for (let i = 0; i < 5; i++) random.next();
  const kind = kinds[random.int(kinds.length)] as KindDefinition;
  const object = sampleObject(kind, number, random);
  const collection = collectionOf(kind);
  const validation = ['', 'fieldValidation=Strict', 'fieldValidation=Warn', 'fieldValidation=Ignore'][random.int(4)] ?? '';
  const dry = ambientKinds.has(kind.kind);
  const scene: Scene = { number, kind, random, object, collection, path: `${collection}/${object.metadata.name}`, validation, dry };
  return { number, kind, steps: stepsOf(scene) };
}

export function collectionOf(kind: KindDefinition): string {
  const root = kind.group ? `/apis/${kind.group}/${kind.version}` : `/api/${kind.version}`;
  return `${root}${kind.namespaced ? `/namespaces/${namespaceOf(kind)}` : ''}/${kind.plural}`;
}

const plans: [number, (scene: Scene) => Step[]][] = [
  [40, createSteps],
  [16, updateSteps],
  [16, patchSteps],
  [12, applySteps],
  [8, subresourceSteps],
  [5, collectionSteps],
  [5, deletionSteps],
];
const total = plans.reduce((sum, [weight]) => sum + weight, 0);

function stepsOf(scene: Scene): Step[] {
  if (scene.kind.kind === 'CustomResourceDefinition' && scene.random.int(2) === 0) return customSteps(scene);
  let at = scene.random.int(total);
  for (const [weight, plan] of plans) {
    if (at < weight) return plan(scene);
    at -= weight;
  }
  return [];
}

export function query(...parts: string[]): string {
  const given = parts.filter((part) => part !== '');
  return given.length > 0 ? `?${given.join('&')}` : '';
}

export function step(verb: string, request: Request): Step {
  return { verb, request: () => request };
}

export function create({ collection, object }: Scene): Step {
  return step('create valid', { method: 'POST', path: collection, body: structuredClone(object) });
}

export function changed({ object, kind, random }: Scene, from: Fields = object as unknown as Fields): Fields {
  const copy = structuredClone(from);
  for (let left = 1 + random.int(3); left > 0; left--) mutate(copy, kind.schema, random);
  return copy;
}

const dryRun = 'dryRun=All';

function createSteps(scene: Scene): Step[] {
  const { collection, path, validation, random } = scene;
  const body = changed(scene);
  const dry = scene.dry || random.int(3) > 0;
  if (random.int(12) === 0) renamed(body, random);
  const steps = [step('create', { method: 'POST', path: `${collection}${query(validation, dry ? dryRun : '')}`, body })];
  if (dry) return steps;
  const table = random.int(2) === 0;
  if (table) steps.push(step('table', { method: 'GET', path, accept: 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json' }));
  else steps.push(step('get', { method: 'GET', path }));
  return steps;
}

function renamed(body: Fields, random: Random): void {
  const metadata = body.metadata as Fields;
  const change = random.int(8);
  if (change === 0) delete metadata.name;
  else if (change === 1) metadata.namespace = 'elsewhere';
  else if (change === 2) metadata.uid = 'abc';
  else if (change === 3) metadata.resourceVersion = '1';
  else if (change === 4) body.apiVersion = 'example.com/v1';
  else if (change === 5) body.kind = 'Bogus';
  else if (change === 6) metadata.generateName = ['a-', 'A', 'x'.repeat(300)][random.int(3)];
  else metadata.name = ['A', 'a_b', 'a/b', '.', '', 'x'.repeat(254), 'a'.repeat(64), '1', 'a.b', 'system:a'][random.int(10)];
}

function updateSteps(scene: Scene): Step[] {
  const { path, validation, random } = scene;
  const seed = random.int(2 ** 31);
  const unconditional = random.int(5) === 0;
  const stale = random.int(25) === 0;
  const update: Step = {
    verb: 'update',
    request: (previous) => {
      // Each server's own object, with the same change: drawn anew for each of them.
      const body = changed({ ...scene, random: seededRandom(seed) }, previous ?? (scene.object as unknown as Fields));
      const metadata = body.metadata as Fields | undefined;
      if (metadata && unconditional) delete metadata.resourceVersion;
      if (metadata && stale) metadata.resourceVersion = '1';
      return { method: 'PUT', path: `${path}${query(validation, scene.dry ? dryRun : '')}`, body };
    },
  };
  return [create(scene), update, step('get', { method: 'GET', path })];
}
