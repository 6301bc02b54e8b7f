// The local copy through everything that breaks: watches that end, versions that are gone, a server that fails.
import { Pod } from '@berth/api';
import { StatusError } from '@berth/machinery';
import { seededRandom, silentLogger } from '@berth/telemetry';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Client, ObjectList, WatchEvent, WatchOptions } from './client.ts';
import { Informer } from './informer.ts';

interface Watch {
  from: string | undefined;
  send(event: WatchEvent<Pod>): void;
  /** In peace without an error. */
  end(error?: Error): void;
}

let lists: (() => ObjectList<Pod>)[];
let watches: Watch[];
let sleeps: number[];
let informer: Informer<Pod>;
let seen: string[];

const settled = () => new Promise<void>((resolve) => setImmediate(resolve));
const pod = (name: string, version: number, nodeName?: string): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: 'default', uid: `uid-${name}`, resourceVersion: String(version) },
  spec: { containers: [], ...(nodeName !== undefined && { nodeName }) },
});
const event = (type: 'ADDED' | 'MODIFIED' | 'DELETED', object: Pod): WatchEvent<Pod> => ({ type, object });

async function* watch(options: WatchOptions): AsyncGenerator<WatchEvent<Pod>> {
  const waiting: (WatchEvent<Pod> | Error | undefined)[] = [];
  let wake = () => {};
  const push = (item: WatchEvent<Pod> | Error | undefined) => {
    waiting.push(item);
    wake();
  };
  options.signal?.addEventListener('abort', () => push(undefined));
  watches.push({ from: options.resourceVersion, send: push, end: push });
  while (true) {
    for (const item of waiting.splice(0)) {
      if (item === undefined) return;
      if (item instanceof Error) throw item;
      yield item;
    }
    await new Promise<void>((resolve) => {
      wake = resolve;
    });
  }
}

beforeEach(() => {
  [lists, watches, sleeps, seen] = [[], [], [], []];
  const client = {
    list: async () => {
      const next = lists.shift();
      if (!next) throw new Error('the store is away');
      return next();
    },
    watch: (_: unknown, options: WatchOptions) => watch(options),
  } as unknown as Client;
  const clock = {
    // A server that fails for ever would otherwise be asked for ever.
    sleep: (ms: number) => (sleeps.push(ms) < 12 ? Promise.resolve() : new Promise<void>(() => {})),
  };
  informer = new Informer({ client, clock: clock as never, random: seededRandom(1), logger: silentLogger }, Pod);
  informer.addIndex('node', (object) => (object.spec.nodeName ? [object.spec.nodeName] : []));
  informer.onChange((type, object, old) => seen.push(`${type} ${object.metadata.name} ${old?.metadata.resourceVersion ?? '-'}`));
});

afterEach(() => informer.stop());

describe('Informer', () => {
  it('takes in what is there, then what changes, by key and by index', async () => {
    lists.push(() => ({ items: [pod('a', 1), pod('b', 2, 'one')], resourceVersion: '5' }));
    informer.start();
    await informer.synced;
    await settled();
    expect(watches.map(({ from }) => from)).toEqual(['5']);
    watches[0]?.send(event('MODIFIED', pod('a', 6, 'one')));
    watches[0]?.send(event('DELETED', pod('b', 7, 'one')));
    watches[0]?.send(event('ADDED', pod('c', 8, 'two')));
    await settled();
    expect(seen).toEqual(['ADDED a -', 'ADDED b -', 'MODIFIED a 1', 'DELETED b 2', 'ADDED c -']);
    expect(informer.byIndex('node', 'one').map((object) => object.metadata.name)).toEqual(['a']);
    watches[0]?.send(event('MODIFIED', pod('a', 9, 'two')));
    await settled();
    expect(informer.byIndex('node', 'one')).toEqual([]);
    expect(informer.byIndex('node', 'two').map((object) => object.metadata.name)).toEqual(['c', 'a']);
    expect(informer.get('default/b')).toBeUndefined();
    expect(() => informer.byIndex('none', 'x')).toThrow(RangeError);
  });

  it('resumes a watch that ended or broke after the newest version it saw, bookmarks included', async () => {
    lists.push(() => ({ items: [], resourceVersion: '5' }));
    informer.start();
    await settled();
    watches[0]?.send(event('ADDED', pod('a', 6)));
    watches[0]?.send({ type: 'BOOKMARK', resourceVersion: '9' });
    watches[0]?.end();
    await settled();
    watches[1]?.end(new Error('connection reset'));
    await settled();
    expect(watches.map(({ from }) => from)).toEqual(['5', '9', '9']);
    expect(sleeps.length).toBeLessThanOrEqual(2);
    expect(informer.list()).toHaveLength(1);
  });

  it('lists anew when its version is gone, and tells only of what differs', async () => {
    lists.push(() => ({ items: [pod('a', 1), pod('b', 2), pod('c', 3)], resourceVersion: '5' }));
    lists.push(() => ({ items: [pod('a', 1), pod('b', 20)], resourceVersion: '30' }));
    informer.start();
    await settled();
    seen.length = 0;
    watches[0]?.end(StatusError.expired('too old resource version: 5 (10)'));
    await settled();
    await settled();
    expect(seen).toEqual(['MODIFIED b 2', 'DELETED c 3']);
    expect(watches.map(({ from }) => from)).toEqual(['5', '30']);
  });

  it('keeps a change from nobody because another handler cannot take it in', async () => {
    lists.push(() => ({ items: [pod('a', 1)], resourceVersion: '5' }));
    informer.onChange(() => {
      throw new TypeError('this handler knows no such pod');
    });
    informer.onChange((type, object) => seen.push(`last: ${type} ${object.metadata.name}`));
    informer.start();
    await settled();
    watches[0]?.send(event('MODIFIED', pod('a', 6)));
    watches[0]?.send(event('ADDED', pod('b', 7)));
    await settled();
    expect(informer.hasSynced).toBe(true);
    expect(seen.filter((line) => line.startsWith('last'))).toEqual(['last: ADDED a', 'last: MODIFIED a', 'last: ADDED b']);
    expect(watches).toHaveLength(1);
  });

  it('waits longer and longer for a server that fails, within bounds', async () => {
    informer.start();
    await settled();
    expect(informer.hasSynced).toBe(false);
    expect(sleeps).toHaveLength(12);
    for (const [i, ms] of sleeps.entries()) {
      const full = Math.min(100 * 2 ** i, 30_000);
      expect(ms).toBeGreaterThanOrEqual(full / 2);
      expect(ms).toBeLessThanOrEqual(full);
    }
  });

  it('reports when it is as new as a write, and lets nobody wait for one that has stopped', async () => {
    lists.push(() => ({ items: [], resourceVersion: '5' }));
    informer.start();
    await settled();
    await informer.reached('5');
    let hasReached = false;
    const reached = informer.reached('7').then(() => {
      hasReached = true;
    });
    watches[0]?.send(event('ADDED', pod('a', 6)));
    await settled();
    expect(hasReached).toBe(false);
    watches[0]?.send({ type: 'BOOKMARK', resourceVersion: '8' });
    await reached;
    const never = informer.reached('99');
    informer.stop();
    await never;
    await informer.reached('100');
  });

  it('does not ask at once again and again where watches end at once', async () => {
    lists.push(() => ({ items: [], resourceVersion: '5' }));
    informer.start();
    for (let i = 0; i < 5; i++) {
      await settled();
      watches.at(-1)?.end();
    }
    await settled();
    expect(sleeps).toHaveLength(5);
    expect(Math.max(...sleeps)).toBeGreaterThan(400);
  });

  it('tells an object that was made anew under its name as deleted and added', async () => {
    lists.push(() => ({ items: [pod('a', 1)], resourceVersion: '5' }));
    informer.start();
    await settled();
    const { metadata, ...rest } = pod('a', 6);
    watches[0]?.send(event('ADDED', { ...rest, metadata: { ...metadata, uid: 'uid-new' } }));
    await settled();
    expect(seen).toEqual(['ADDED a -', 'DELETED a 1', 'ADDED a -']);
  });
});
