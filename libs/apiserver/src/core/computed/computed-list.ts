// Kinds whose objects are all computed when one of them is asked for. What selects works as for any other kind; versions and pages mean
// nothing here.
import { type KubeObject, StatusError } from '@berth/machinery';
import { computed, computedAnswer } from '../object-answer.ts';
import type { Resource } from '../resource.ts';
import { selectionOf } from '../selection.ts';

/** @param objects all that there are in a namespace, or everywhere */
export function computedList(objects: (namespace: string | undefined) => Promise<KubeObject[]>): Pick<Resource, 'get' | 'list'> {
  return {
    get: async ({ kind, namespace, name = '' }) => {
      const found = (await objects(namespace)).find(({ metadata }) => metadata.name === name);
      if (!found) throw StatusError.notFound(kind, name);
      return computedAnswer(found, 200);
    },
    list: async ({ kind, namespace }, settings) => {
      const selection = selectionOf(kind, settings);
      const found = (await objects(namespace)).filter((object) => selection.matches(object));
      return { entries: found.map(computed), resourceVersion: '' };
    },
  };
}
