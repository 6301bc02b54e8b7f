// Feeds the cluster view from informers: one list and watch a kind, whatever the number of nodes.
import { type InformerDeps, InformerSet } from '@berth/client';
import { apiVersionOf, type KindDefinition, type KubeObject } from '@berth/machinery';
import type { Feed } from './session-hub.ts';

/** @param shared informers that others read too; they are started, but left to their owner to stop. */
export function informerFeed(deps: InformerDeps, shared?: InformerSet): Feed {
  const informers = shared ?? new InformerSet(deps);
  return {
    subscribe: (kind, handler) => {
      // Lists over HTTP leave out each item's type; agents need it.
      const typed = <T extends KubeObject>(object: T): T =>
        object.kind ? object : { ...object, apiVersion: apiVersionOf(kind), kind: kind.kind };
      informers.of(kind).onChange((type, object) => handler(typed(object), type === 'DELETED'));
    },
    subscribeCustom: (wants, handler) => {
      const join = (kind: KindDefinition) => informers.of(kind).onChange((type, object) => handler(kind, object, type === 'DELETED'));
      informers.followCustom(join, wants);
    },
    start: () => informers.start(),
    stop: () => {
      if (!shared) informers.stop();
    },
  };
}
