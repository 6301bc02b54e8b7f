// Event: something that happened to an object, as `kubectl get events` lists it.
import { defineKind } from '@berth/machinery';
import { eventColumns } from '../columns/event.ts';
import type { Event as Type } from '../generated/core-v1.types.ts';
import { schemas } from '../schemas.ts';
import { validateEventFields } from '../validation/event.ts';
import { validateMetadata, validateMetadataUpdate } from '../validation/metadata.ts';
import { pathSegment } from '../validation/names.ts';

export type Event = Type;

export const Event = defineKind<Event>({
  group: '',
  version: 'v1',
  kind: 'Event',
  plural: 'events',
  scope: 'Namespaced',
  shortNames: ['ev'],
  schema: schemas.message('core.v1.Event'),
  description: 'Something that happened to an object, for people to read; kept for a while only.',

  strategy: { allowCreateOnUpdate: true, hasNoDependents: true },
  defaults: (event) => {
    event.involvedObject ??= {};
  },
  // Their metadata is looked at, as of anything, once the rest is in order; their names may be any that fit into a path.
  validate: (event, old) => {
    const errors = validateEventFields(event);
    if (errors.length > 0 && !old) return errors;
    return [...validateMetadata(event, { scope: 'Namespaced', name: pathSegment, plainFinalizers: true }), ...errors];
  },
  validateUpdate: validateMetadataUpdate,
  columns: eventColumns,
  selectableFields: {
    'involvedObject.kind': ({ involvedObject }) => involvedObject.kind ?? '',
    'involvedObject.namespace': ({ involvedObject }) => involvedObject.namespace ?? '',
    'involvedObject.name': ({ involvedObject }) => involvedObject.name ?? '',
    'involvedObject.uid': ({ involvedObject }) => involvedObject.uid ?? '',
    'involvedObject.apiVersion': ({ involvedObject }) => involvedObject.apiVersion ?? '',
    'involvedObject.resourceVersion': ({ involvedObject }) => involvedObject.resourceVersion ?? '',
    'involvedObject.fieldPath': ({ involvedObject }) => involvedObject.fieldPath ?? '',
    reason: ({ reason }) => reason ?? '',
    reportingComponent: ({ reportingComponent }) => reportingComponent ?? '',
    source: ({ source, reportingComponent }) => source?.component || reportingComponent || '',
    type: ({ type }) => type ?? '',
  },
});
