// changes.history.berth.io: who changed what, the newest first. A change is seen by whoever may see its object today. A list without an object
// is of the last hour unless `since` says more; what is written all the time is left out unless asked for. Memory is bounded, and one
// list is made at a time: what does not fit is the next page's.
import { Change } from '@berth/api';
import { StatusError } from '@berth/machinery';
import { prefixEnd } from '@berth/store';
import { type Clock, KeyedMutex } from '@berth/telemetry';
import type { Attributes } from '../authorizer.ts';
import { decodeContinue, encodeContinue } from '../continue-token.ts';
import { expires } from '../event-expiry.ts';
import { kindPrefix, registryPrefix, storageKey } from '../keys.ts';
import { erased, type KindsByName } from '../kinds-by-name.ts';
import { computed, computedAnswer } from '../object-answer.ts';
import type { Resource } from '../resource.ts';
import type { ServedKind } from '../resource-registry.ts';
import type { Call, ListAnswer, ListSettings, User } from '../types.ts';
import { changeName, changeOf, clusterNamespace, listedFieldsMax, type Place, placeOf, shownFieldsMax } from './change-object.ts';
import { type ChangeQuery, readChangeQuery } from './change-query.ts';
import type { Past, PastEvent } from './past.ts';

const hourMs = 3_600_000;
/** Changes in one answer. */
const listedMax = 2_000;
/** Writes that are kept while a list is made, of which some may turn out to say nothing. */
const keptMax = 10_000;
const keptBytesMax = 64 * 2 ** 20;
/** Revisions that are read at a time: at first, as a multiple of the changes that are asked for, and at most. */
const windowMin = 500;
const windowFactor = 2;
const windowMax = 16_000;

export interface ChangesOptions {
  past: Past;
  kinds: KindsByName;
  clock: Clock;
  isAllowed(user: User, attributes: Attributes): Promise<{ allowed: boolean }>;
}

interface Kept {
  event: PastEvent;
  place: Place;
}

export function historyChanges(options: ChangesOptions): ServedKind {
  const mutex = new KeyedMutex();
  const resource: Resource = {
    get: async (call) => computedAnswer(await changeNamed(options, call), 200),
    list: (call, settings) => mutex.run('list', () => list(options, call, settings)),
  };
  return { kind: erased(Change), resource };
}

async function list(options: ChangesOptions, call: Call, settings: ListSettings): Promise<ListAnswer> {
  const { past, clock } = options;
  const now = await past.now();
  const query = readChangeQuery(settings, clock.now());
  const until = settings.continue ? decodeContinue(settings.continue).revision : await untilOf(past, query);
  const isOne = query.name !== undefined && (query.kind !== undefined || query.resource !== undefined);
  const sinceMs = query.sinceMs ?? (isOne ? undefined : (query.untilMs ?? clock.now()) - hourMs);
  const page = new Page(options, call, query, Math.min(settings.limit || listedMax, listedMax));
  await page.fill({ after: await after(past, sinceMs), until: until ?? now.revision }, isOne);
  const next = page.rest === undefined ? undefined : encodeContinue({ revision: page.rest, start: 'older' });
  return { entries: page.changes.map(computed), resourceVersion: String(now.revision), ...(next && { continue: next }) };
}

/** One answer. The newest revisions are read first, and no more of them than it takes to fill it. */
class Page {
  readonly changes: Change[] = [];
  /** The revision that the next page begins with, once this one is full. */
  rest: number | undefined;
  readonly #options: ChangesOptions;
  readonly #call: Call;
  readonly #query: ChangeQuery;
  readonly #limit: number;
  readonly #visible: (place: Place) => Promise<boolean>;

  constructor(options: ChangesOptions, call: Call, query: ChangeQuery, limit: number) {
    this.#options = options;
    this.#call = call;
    this.#query = query;
    this.#limit = limit;
    this.#visible = visibility(options, call.user);
  }

  /** @param isOne of one object, whose revisions the store finds by its key: all at once */
  async fill({ after, until }: { after: number; until: number }, isOne: boolean): Promise<void> {
    let revisions = isOne ? until : Math.max(windowMin, this.#limit * windowFactor);
    for (let last = until; last > after && this.rest === undefined; ) {
      if (this.#call.signal?.aborted) return;
      const first = Math.max(after, last - revisions);
      const { kept, older } = await collect(this.#options, this.#call, this.#query, { after: first, until: last });
      await this.#take(kept);
      // A single revision that is too large to be kept is passed over.
      last = older !== undefined && older < last ? older : first;
      // Where little is found, the next look goes further back, so that there are few of them.
      revisions = Math.min(revisions * 2, windowMax);
    }
  }

  async #take(kept: readonly Kept[]): Promise<void> {
    const [{ kinds }, query] = [this.#options, this.#query];
    for (const { event, place } of kept.toReversed()) {
      const { modRevision } = event.kv;
      // Whole revisions: the next page begins before the last one.
      if (this.changes.length >= this.#limit && Number(this.changes.at(-1)?.metadata.resourceVersion) !== modRevision) {
        this.rest = modRevision;
        return;
      }
      if (!(await this.#visible(place))) continue;
      const change = changeOf(event, place, kinds.all, listedFieldsMax);
      if ((query.withRoutine || !change.routine) && query.selection.matches(change)) this.changes.push(change);
    }
  }
}

async function untilOf(past: Past, { untilMs }: ChangeQuery): Promise<number | undefined> {
  return untilMs === undefined ? undefined : past.at(untilMs);
}

/** The revision behind which a list begins: at the earliest that is kept. */
async function after(past: Past, sinceMs: number | undefined): Promise<number> {
  if (sinceMs === undefined) return 0;
  const oldest = await past.oldest();
  return sinceMs <= oldest.atMs ? 0 : past.at(sinceMs);
}

/** The newest of what may be asked for, oldest first; `older` is the revision that the next page begins with, where not all of it fits. */
async function collect(options: ChangesOptions, call: Call, query: ChangeQuery, between: { after: number; until: number }) {
  let kept: Kept[] = [];
  let bytes = 0;
  let older: number | undefined;
  for await (const event of options.past.events({ ...between, ...keysOf(options, call, query), signal: call.signal })) {
    const place = placeOf(event.kv.key);
    if (!place || !isAskedFor(place, call, query)) continue;
    kept.push({ event, place });
    bytes += sizeOf(event);
    if (kept.length <= keptMax && bytes <= keptBytesMax) continue;
    const half = kept.splice(0, Math.ceil(kept.length / 2));
    for (const { event: dropped } of half) bytes -= sizeOf(dropped);
    older = half.at(-1)?.event.kv.modRevision;
    // What is left of a revision goes with it.
    kept = kept.filter((one) => one.event.kv.modRevision !== older);
  }
  return { kept, older };
}

function sizeOf({ kv, previous }: PastEvent): number {
  return kv.value.length + (previous?.value.length ?? 0);
}

/** As few keys as the selector lets one look at. */
function keysOf({ kinds }: ChangesOptions, { namespace }: Call, { resource, kind, name }: ChangeQuery): { start: string; end: string } {
  const known = kinds.all.filter((one) => !one.view && (one.plural === resource || (resource === undefined && one.kind === kind)));
  const [only] = known;
  if (!only || known.length > 1) return { start: registryPrefix, end: prefixEnd(registryPrefix) };
  if (name !== undefined && (!only.namespaced || namespace)) {
    const key = storageKey(only, only.namespaced ? namespace : undefined, name);
    return { start: key, end: `${key}\0` };
  }
  const prefix = kindPrefix(only) + (only.namespaced && namespace ? `${namespace}/` : '');
  return { start: prefix, end: prefixEnd(prefix) };
}

const routineResources = new Set(['leases', 'endpointslices', 'endpoints']);

function isAskedFor({ group, plural, namespace, name }: Place, call: Call, query: ChangeQuery): boolean {
  if (call.namespace && (namespace ?? clusterNamespace) !== call.namespace) return false;
  if (query.name !== undefined && query.name !== name) return false;
  if (query.resource !== undefined && query.resource !== plural) return false;
  return query.withRoutine || !(routineResources.has(plural) || expires({ group, kind: plural === 'events' ? 'Event' : '' }));
}

/** Whether a user may see an object today: all of its kind there, or the one of its name. */
function visibility({ isAllowed }: ChangesOptions, user: User): (place: Place) => Promise<boolean> {
  const known = new Map<string, Promise<boolean>>();
  const ask = (key: string, attributes: Attributes) => {
    const found = known.get(key) ?? isAllowed(user, attributes).then(({ allowed }) => allowed);
    known.set(key, found);
    return found;
  };
  return async ({ group, plural, namespace, name }) => {
    const key = `${group}/${plural}/${namespace ?? ''}`;
    const attributes = { group, resource: plural, namespace };
    return (await ask(key, { verb: 'list', ...attributes })) || ask(`${key}/${name}`, { verb: 'get', ...attributes, name });
  };
}

/** @throws StatusError NotFound, also for what may not be seen */
async function changeNamed(options: ChangesOptions, call: Call): Promise<Change> {
  const { name = '', namespace } = call;
  const revision = Number(/^(\d{1,15})\./.exec(name)?.[1] ?? 0);
  const { past, kinds } = options;
  const now = await past.now();
  if (revision < 1 || revision > now.revision) throw StatusError.notFound(erased(Change), name);
  const visible = visibility(options, call.user);
  for await (const event of past.events({ after: revision - 1, until: revision, start: registryPrefix, end: prefixEnd(registryPrefix) })) {
    const place = placeOf(event.kv.key);
    if (event.kv.modRevision !== revision || !place || changeName(revision, place) !== name) continue;
    if ((place.namespace ?? clusterNamespace) !== namespace || !(await visible(place))) break;
    return changeOf(event, place, kinds.all, shownFieldsMax);
  }
  throw StatusError.notFound(erased(Change), name);
}
