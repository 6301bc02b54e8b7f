// Patches of every type, and configurations that are applied by several managers.
import { isRecord } from '@berth/machinery';
import { changed, create, query, type Scene, type Step, step } from './scenarios.ts';

type Fields = Record<string, unknown>;

const types = {
  json: 'application/json-patch+json',
  merge: 'application/merge-patch+json',
  strategic: 'application/strategic-merge-patch+json',
  apply: 'application/apply-patch+yaml',
};

export function patchSteps(scene: Scene): Step[] {
  const { path, random, validation } = scene;
  const dry = scene.dry ? 'dryRun=All' : '';
  const steps = [create(scene)];
  for (let left = 1 + random.int(3); left > 0; left--) {
    const type = (['json', 'merge', 'strategic', 'merge', 'strategic'] as const)[random.int(5)] ?? 'merge';
    const body = type === 'json' ? jsonPatch(scene) : mergePatch(scene, type === 'strategic');
    const manager = random.int(3) === 0 ? 'fieldManager=other' : '';
    steps.push(
      step(`patch ${type}`, { method: 'PATCH', path: `${path}${query(validation, dry, manager)}`, body, contentType: types[type] }),
    );
  }
  return [...steps, step('get', { method: 'GET', path })];
}

/** What of a changed object differs from the object: null where something is gone. Lists are sent whole. */
function mergePatch(scene: Scene, strategic: boolean): unknown {
  const { random, object } = scene;
  const patch = difference(object as unknown as Fields, changed(scene));
  if (random.int(40) === 0) return [['x'], 'x', 1, null, '{'][random.int(5)];
  if (strategic && random.int(3) === 0) directives(patch, scene);
  return patch;
}

function difference(from: Fields, to: Fields): Fields {
  const patch: Fields = {};
  for (const name of new Set([...Object.keys(from), ...Object.keys(to)])) {
    const [before, after] = [from[name], to[name]];
    if (JSON.stringify(before) === JSON.stringify(after)) continue;
    patch[name] = after === undefined ? null : isRecord(before) && isRecord(after) ? difference(before, after) : after;
  }
  return patch;
}

/** Adds one of a strategic merge patch's directives somewhere, fitting or not. */
function directives(patch: Fields, { random }: Scene): void {
  const places: Fields[] = [];
  const walk = (value: unknown): void => {
    if (Array.isArray(value)) value.forEach(walk);
    if (!isRecord(value)) return;
    places.push(value);
    Object.values(value).forEach(walk);
  };
  walk(patch);
  const place = places[random.int(places.length)] ?? patch;
  const names = Object.keys(place);
  const name = names[random.int(Math.max(1, names.length))] ?? 'spec';
  const change = random.int(6);
  if (change === 0) place.$patch = ['replace', 'delete', 'merge', 'bogus'][random.int(4)];
  else if (change === 1) place.$retainKeys = names;
  else if (change === 2) place[`$deleteFromPrimitiveList/${name}`] = ['a'];
  else if (change === 3) place[`$setElementOrder/${name}`] = [{ name: 'web' }];
  else if (change === 4) place.$retainKeys = 'x';
  else place.metadata = { $patch: 'delete' };
}

function jsonPatch(scene: Scene): unknown {
  const { random, object } = scene;
  const pointers: string[] = [];
  const walk = (value: unknown, pointer: string): void => {
    if (pointer !== '') pointers.push(pointer);
    if (Array.isArray(value)) for (const [index, item] of value.entries()) walk(item, `${pointer}/${index}`);
    else if (isRecord(value))
      for (const [key, item] of Object.entries(value)) walk(item, `${pointer}/${key.replace(/~/g, '~0').replace(/\//g, '~1')}`);
  };
  walk(object, '');
  const settled = pointers.filter((pointer) => !/^\/(kind|apiVersion)$|^\/metadata\/(name|namespace)$/.test(pointer));
  const pointer = () => (random.int(12) === 0 ? '/metadata/absent/x' : settled[random.int(settled.length)]);
  const values = ['x', 1, null, [], {}, true, { a: 'b' }, 'web', 0];
  const op = (): Fields => {
    const change = random.int(9);
    const value = values[random.int(values.length)];
    if (change < 3) return { op: 'replace', path: pointer(), value };
    if (change < 5) return { op: 'remove', path: pointer() };
    if (change === 5) return { op: 'add', path: random.int(2) ? '/metadata/labels/new' : `${pointer()}/-`, value };
    if (change === 6) return { op: 'test', path: pointer(), value };
    if (change === 7) return { op: random.int(2) ? 'copy' : 'move', from: pointer(), path: '/metadata/annotations' };
    return [{ op: 'bogus', path: '/a' }, { path: '/a' }, { op: 'add', path: 'a', value: 1 }, { op: 'add', path: '/metadata/labels/z' }][
      random.int(4)
    ] as Fields;
  };
  return Array.from({ length: 1 + random.int(2) }, op);
}

/** Two managers that apply, one that writes, conflicts and what force does; the last leaves fields out. */
export function applySteps(scene: Scene): Step[] {
  const { path, random, validation } = scene;
  const dry = scene.dry ? 'dryRun=All' : '';
  const apply = (verb: string, body: unknown, ...options: string[]) =>
    step(verb, { method: 'PATCH', path: `${path}${query(...options, dry, validation)}`, body, contentType: types.apply });
  const base = structuredClone(scene.object) as unknown as Fields;
  const forced = random.int(2) === 0 ? 'force=true' : '';
  const steps = [random.int(3) === 0 ? create(scene) : apply('apply first', base, 'fieldManager=one')];
  steps.push(apply('apply other', changed(scene), 'fieldManager=two', forced));
  const less = structuredClone(base);
  const spec = less.spec as Fields | undefined;
  if (isRecord(spec)) delete spec[Object.keys(spec)[random.int(Object.keys(spec).length)] ?? ''];
  if (random.int(2) === 0) steps.push(apply('apply again', less, 'fieldManager=one', random.int(2) === 0 ? 'force=true' : ''));
  if (random.int(3) === 0) steps.push(apply('apply changed', changed(scene), 'fieldManager=one', 'force=true'));
  if (random.int(15) === 0) steps.push(apply('apply without manager', base));
  return [...steps, step('get', { method: 'GET', path })];
}
