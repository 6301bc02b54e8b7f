// Waits for an object that somebody is about to make: for its event, not by asking again and again.
import type { KindDefinition, KubeObject } from '@berth/machinery';
import type { Clock } from '@berth/telemetry';
import { erased } from './kinds-by-name.ts';
import { selectionOf } from './selection.ts';
import type { WatchCache } from './watch-cache.ts';

/** Undefined when it has not come within that time. */
export async function appearing<T extends KubeObject>(
  cache: WatchCache,
  clock: Clock,
  kind: KindDefinition<T>,
  key: { namespace: string; name: string },
  withinMs: number,
): Promise<T | undefined> {
  const handle = cache.of(erased(kind)).watch({
    selection: selectionOf(erased(kind), { fieldSelector: `metadata.name=${key.name}` }),
    namespace: key.namespace,
    bookmarks: false,
    closingBookmark: false,
    initialEvents: true,
    after: undefined,
    revision: cache.revision,
  });
  const timer = clock.after(withinMs, () => handle.close());
  try {
    for await (const item of handle) if (item.type === 'ADDED' || item.type === 'MODIFIED') return item.object as T;
    return undefined;
  } finally {
    timer.cancel();
    handle.close();
  }
}
