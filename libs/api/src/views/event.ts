// Event as events.k8s.io/v1 shows it: the same objects as core/v1's, with newer names for their fields.
import { defineKind, type KindDefinition, type KindView, type KubeObject } from '@berth/machinery';
import { eventColumns } from '../columns/event.ts';
import type { Event as CoreEvent } from '../generated/core-v1.types.ts';
import type { Event as Type } from '../generated/events-v1.types.ts';
import { Event } from '../kinds/event.ts';
import { schemas } from '../schemas.ts';
import { validateNewEvent } from '../validation/event.ts';
import { columnsThrough } from './through.ts';

/** Name here → name in core/v1. */
const renamed = {
  regarding: 'involvedObject',
  note: 'message',
  reportingController: 'reportingComponent',
  deprecatedSource: 'source',
  deprecatedFirstTimestamp: 'firstTimestamp',
  deprecatedLastTimestamp: 'lastTimestamp',
  deprecatedCount: 'count',
} as const satisfies Partial<Record<keyof Type, keyof CoreEvent>>;

const original = Object.fromEntries(Object.entries(renamed).map(([here, there]) => [there, here]));

function withNames(object: KubeObject, names: Record<string, string>, apiVersion: string): KubeObject {
  const fields = Object.entries(object).map(([name, value]) => [names[name] ?? name, value]);
  return { ...Object.fromEntries(fields), apiVersion } as KubeObject;
}

const view: KindView = {
  // The stored kind's fields, but this one.
  errorField: (field) => (field === 'reportingComponent' ? 'reportingController' : field),
  validate: (object, old) => validateNewEvent(object as CoreEvent, old as CoreEvent | undefined),
  of: Event as unknown as KindDefinition,
  toStored: (object: KubeObject) => withNames(object, renamed, 'v1'),
  fromStored: (stored: KubeObject) => withNames(stored, original, 'events.k8s.io/v1'),
};

export const EventsV1Event = defineKind<Type>({
  group: 'events.k8s.io',
  version: 'v1',
  kind: 'Event',
  plural: 'events',
  scope: 'Namespaced',
  shortNames: ['ev'],
  schema: schemas.message('events.v1.Event'),
  strategy: { allowCreateOnUpdate: true },
  columns: columnsThrough(view, eventColumns),
  // Under the names of this version alone.
  selectableFields: {
    reason: ({ reason }) => reason ?? '',
    type: ({ type }) => type ?? '',
    'regarding.kind': ({ regarding }) => regarding?.kind ?? '',
    'regarding.namespace': ({ regarding }) => regarding?.namespace ?? '',
    'regarding.name': ({ regarding }) => regarding?.name ?? '',
    'regarding.uid': ({ regarding }) => regarding?.uid ?? '',
    'regarding.apiVersion': ({ regarding }) => regarding?.apiVersion ?? '',
    'regarding.resourceVersion': ({ regarding }) => regarding?.resourceVersion ?? '',
    'regarding.fieldPath': ({ regarding }) => regarding?.fieldPath ?? '',
    reportingController: ({ reportingController }) => reportingController ?? '',
  },
  view,
});
