// How views of the cluster get what they show.
import type { KindDefinition, KubeObject } from '@berth/machinery';

/** An informer's view of a kind: the handler is told of every object as it is now, or that it is gone. */
export type Subscribe = <T extends KubeObject>(kind: KindDefinition<T>, handler: (object: T, gone: boolean) => void) => void;

/** The same of kinds that users define, as they come; only those are watched that somebody wants. */
export type SubscribeCustom = (
  wants: (kind: KindDefinition) => boolean,
  handler: (kind: KindDefinition, object: KubeObject, gone: boolean) => void,
) => void;
