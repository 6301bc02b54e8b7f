// Every kind that Berth stores and serves, as a list: what kinds/index.ts names, and those that it serves when it is told to.
import type { KindDefinition, KubeObject } from '@berth/machinery';
import * as beta from './beta-kinds/index.ts';
import * as stored from './kinds/index.ts';
import { EventsV1Event } from './views/event.ts';
import { AutoscalingV1HorizontalPodAutoscaler } from './views/horizontal-pod-autoscaler.ts';

/** Forgets the object type: a list of kinds of many types. Callers pass each kind only objects of that kind. */
function erased<T extends KubeObject>(kind: KindDefinition<T>): KindDefinition {
  return kind as unknown as KindDefinition;
}

export const kinds: KindDefinition[] = Object.values(stored).map((kind) => erased(kind as unknown as KindDefinition));

/** Kinds of versions that are off unless an operator turns them on. */
export const betaKinds: KindDefinition[] = Object.values(beta).map((kind) => erased(kind as unknown as KindDefinition));

/** Other versions of kinds in `kinds`: served like them, stored as them. */
export const kindViews: KindDefinition[] = [erased(AutoscalingV1HorizontalPodAutoscaler), erased(EventsV1Event)];
