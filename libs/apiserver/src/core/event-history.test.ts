// What a history keeps of changes that every watcher has had is their bytes, and whoever resumes from them sees what others saw.
import { ConfigMap } from '@berth/api';
import { expect, test } from 'vitest';
import { EventHistory, parsedEventsMax } from './event-history.ts';
import { Entry, headOf, toBytes } from './object-codec.ts';
import { CacheEvent } from './watch-events.ts';

const head = headOf(ConfigMap);
const everything = { everything: true, matches: () => true };

function entry(revision: number): Entry {
  const metadata = { resourceVersion: String(revision), name: 'settings', namespace: 'default' };
  return new Entry(
    'default/settings',
    revision,
    toBytes({ apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { revision: String(revision) } }),
  );
}

/** Of one object that was changed so often. */
function filled({ changes, keepsObjects }: { changes: number; keepsObjects: boolean }) {
  const history = new EventHistory(10_000, keepsObjects);
  const entries = Array.from({ length: changes }, (_, index) => entry(index + 1));
  const seen = entries.map((current, index) => {
    const event = new CacheEvent(head, current.revision, current, entries[index - 1]);
    const item = event.seenBy(everything);
    const [object, line] = [item?.object, item?.line];
    history.add(event);
    return { object, line };
  });
  return { history, entries, seen };
}

test.each([true, false])('a watch that resumes sees what others saw (objects kept beside it: %s)', (keepsObjects) => {
  const { history, seen } = filled({ changes: parsedEventsMax + 20, keepsObjects });
  const resumed = history.since(0).map((event) => event.seenBy(everything));
  expect(resumed.map((item) => item?.object)).toEqual(seen.map(({ object }) => object));
  expect(resumed.map((item) => String(item?.line))).toEqual(seen.map(({ line }) => String(line)));
});

test('objects and lines are let go of once there are many newer changes, and the newest state is not', () => {
  const { history, entries, seen } = filled({ changes: parsedEventsMax + 20, keepsObjects: true });
  const isKept = (index: number) => entries[index]?.object === seen[index]?.object;
  expect(Array.from({ length: 19 }, (_, index) => isKept(index))).toEqual(Array(19).fill(false));
  expect(Array.from({ length: parsedEventsMax + 1 }, (_, index) => isKept(index + 19))).toEqual(Array(parsedEventsMax + 1).fill(true));
  const lines = history.since(0).map((event, index) => event.seenBy(everything)?.line === seen[index]?.line);
  expect(lines).toEqual([...Array(20).fill(false), ...Array(parsedEventsMax).fill(true)]);
});

test('where the history alone has an object, it lets go of the newer state too', () => {
  const { entries, seen } = filled({ changes: parsedEventsMax + 1, keepsObjects: false });
  expect([entries[0]?.object === seen[0]?.object, entries[1]?.object === seen[1]?.object]).toEqual([false, true]);
});
