// How views of the cluster get what they show.
import type { KindDefinition, KubeObject } from '@berth/machinery';

/** An informer's view of a kind: the handler is told of every object as it is now, or that it is gone. */
export type Subscribe = <T extends KubeObject>(kind: KindDefinition<T>, handler: (object: T, gone: boolean) => void) => void;
