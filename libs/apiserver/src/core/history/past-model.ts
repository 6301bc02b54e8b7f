// The past against a model of it, over any store: random writes of several users at random times, some of them at once, some deletions; then
// every moment shows what there was, and the changes say who did what, in order. For the tests of every driver.
import { Change, ConfigMap, Moment } from '@berth/api';
import type { Store } from '@berth/store';
import { type Clock, seededRandom } from '@berth/telemetry';
import { expect } from 'vitest';
import { callFor, startTestServer } from '../test-server.ts';
import { iso } from './past.ts';

const users = ['ann', 'bob', 'system:serviceaccount:shop:mender'];
const names = ['a', 'b', 'c', 'd'];
const namespace = 'default';

/** What there was from the end of some writes to the beginning of the next. */
interface State {
  beginMs: number;
  atMs: number;
  text: string;
}

export interface PastRun {
  seed: number;
  /** Moments at which something is written. */
  steps: number;
  clock: Clock;
  /** Until about so much later, and a millisecond at least. */
  elapse(ms: number): Promise<void>;
  /** A store in which nothing is, by the clock. */
  open(): Promise<Store>;
  /** The same store, after its process ended. */
  reopen?(): Promise<Store>;
}

export async function checkPast({ seed, steps, clock, elapse, open, reopen }: PastRun): Promise<void> {
  const random = seededRandom(seed);
  const store = await open();
  const startMs = clock.now();
  const started = await startTestServer({ store, clock, seed });
  const model = new Map<string, string>();
  const states: State[] = [];
  const written: { step: number; line: string }[] = [];
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random.next() * from.length)] as T;
  const step = async (name: string) => {
    const user = pick(users);
    const call = { ...callFor(ConfigMap, namespace, name), user: { name: user, groups: ['system:masters'] } };
    const value = String(Math.floor(random.next() * 1e6));
    const body = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace }, data: { value } };
    const done = (verb: string) => written.push({ step: states.length, line: `${verb} ${name} by ${user}` });
    if (!model.has(name)) {
      await started.server.create({ ...call, name: undefined }, body);
      model.set(name, value);
      done('Created');
    } else if (random.next() < 0.3) {
      await started.server.delete(call);
      model.delete(name);
      done('Deleted');
    } else if (model.get(name) !== value) {
      await started.server.update(call, body);
      model.set(name, value);
      done('Updated');
    }
  };
  for (let i = 0; i < steps; i++) {
    await elapse(1 + Math.floor(random.next() * 90_000));
    const beginMs = clock.now();
    // Different objects, which one request of a store may hold together.
    const together = names.filter(() => random.next() < 0.4);
    await Promise.all(together.map(step));
    states.push({ beginMs, atMs: clock.now(), text: stateText(model) });
  }
  await elapse(1);
  const check = (of: Started, first: number) => checkAgainst({ states, written, first }, of);
  await check(started, 0);
  await started.server.stop();
  const again = await startTestServer({ store: reopen ? await reopen() : store, clock, seed: seed + 1 });
  await check(again, 0);
  const middle = Math.floor(steps / 2);
  const { revision } = await again.client.get(Moment, { name: iso(states[middle]?.atMs ?? 0) });
  await again.store.compact(Number(revision));
  const first = written.find(({ step }) => step > middle)?.step;
  await check(again, first ?? steps);
  await expect(again.client.get(Moment, { name: iso(startMs) })).rejects.toMatchObject({ code: 410 });
  await again.server.stop();
}

type Started = Awaited<ReturnType<typeof startTestServer>>;

interface Expected {
  states: State[];
  written: { step: number; line: string }[];
  /** Of the steps, the first whose past is still kept. */
  first: number;
}

async function checkAgainst({ states, written, first }: Expected, of: Started): Promise<void> {
  for (const [index, { atMs, text }] of states.entries()) {
    if (index < first) continue;
    const until = (states[index + 1]?.beginMs ?? atMs + 1) - 1;
    for (const at of [atMs, until]) expect([at, await stateAt(of, at)]).toEqual([at, text]);
  }
  const { items } = await of.client.list(Change, { namespace, fieldSelector: 'object.kind=ConfigMap,since=24h' });
  const found = items
    .filter(({ object }) => names.includes(object.name))
    .map(({ type, object, user, time }) => {
      const step = states.findLastIndex(({ beginMs }) => beginMs <= Date.parse(time));
      return { step, line: `${type} ${object.name} by ${user}` };
    });
  const textsOf = (lines: typeof written) => lines.filter(({ step }) => step >= first).map(({ step, line }) => `${step} ${line}`);
  expect(found.map(({ step }) => step)).toEqual(found.map(({ step }) => step).toSorted((a, b) => b - a));
  // Those of one moment are in one order or another.
  expect(textsOf(found).sort()).toEqual(textsOf(written).sort());
}

function stateText(model: ReadonlyMap<string, string>): string {
  return names.flatMap((name) => (model.has(name) ? [`${name}=${model.get(name)}`] : [])).join(' ');
}

async function stateAt({ client }: Started, atMs: number): Promise<string> {
  const { revision } = await client.get(Moment, { name: iso(atMs) });
  const { items } = await client.list(ConfigMap, { namespace, resourceVersion: revision, resourceVersionMatch: 'Exact' });
  const found = new Map(items.map(({ metadata, data }) => [metadata.name, data?.value ?? '']));
  return stateText(found);
}
