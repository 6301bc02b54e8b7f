// Who changed what, and what was at a time: read from the revisions that the store keeps.
import type { Store } from '@berth/store';
import type { Clock } from '@berth/telemetry';
import type { Attributes } from '../authorizer.ts';
import type { KindsByName } from '../kinds-by-name.ts';
import type { ServedKind } from '../resource-registry.ts';
import type { User } from '../types.ts';
import { historyChanges } from './changes.ts';
import { historyMoments } from './moments.ts';
import { Past } from './past.ts';

export interface HistoryOptions {
  store: Store;
  clock: Clock;
  kinds: KindsByName;
  isAllowed(user: User, attributes: Attributes): Promise<{ allowed: boolean }>;
}

export function historyKinds({ store, clock, kinds, isAllowed }: HistoryOptions): ServedKind[] {
  const past = new Past(store, clock);
  return [historyChanges({ past, kinds, clock, isAllowed }), historyMoments(past)];
}
