// Event: something that happened to an object, as `kubectl get events` lists it.
import { defineKind } from '@berth/machinery';
import type { Event as Type } from '../generated/core-v1.types.ts';
import { schemas } from '../schemas.ts';

export type Event = Type;

export const Event = defineKind<Event>({
  group: '',
  version: 'v1',
  kind: 'Event',
  plural: 'events',
  scope: 'Namespaced',
  shortNames: ['ev'],
  schema: schemas.message('core.v1.Event'),
});
