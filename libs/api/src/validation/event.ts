// Events of both versions: the older one takes nearly everything, the newer one wants what its clients set, once.
// (k8s.io/kubernetes, pkg/apis/core/validation/events.go)
import { deepEqual } from '@berth/machinery';
import type { Event } from '../generated/core-v1.types.ts';
import { type FieldError, immutable, invalid, invalidAll, required } from './errors.ts';
import { validateMetadata } from './metadata.ts';
import { dnsSubdomain, qualified } from './names.ts';

const lengthsMax = { reportingInstance: 128, action: 128, reason: 128, message: 1024 };
const namespaceField = 'involvedObject.namespace';

/** An event stands in the namespace of what it is about. One that says when it happened is of the newer sort, and says more. */
export function validateEventFields(event: Event, reporter = 'reportingComponent'): FieldError[] {
  const about = event.involvedObject?.namespace ?? '';
  const own = event.metadata.namespace ?? '';
  const elsewhere = [invalid(namespaceField, about, 'does not match event.namespace')];
  if (!event.eventTime) return (about === '' ? own === '' || own === 'default' : about === own) ? [] : elsewhere;
  return [
    ...(about === '' && own !== 'default' && own !== 'kube-system' ? elsewhere : []),
    ...(event.reportingComponent ? [] : [required(reporter)]),
    ...invalidAll(reporter, event.reportingComponent ?? '', qualified(event.reportingComponent ?? '')),
    ...bounded(event, 'reportingInstance', true),
    ...bounded(event, 'action', true),
    ...bounded(event, 'reason', true),
    ...bounded(event, 'message', false),
  ];
}

function bounded(event: Event, name: keyof typeof lengthsMax, wanted: boolean): FieldError[] {
  const text = event[name] ?? '';
  if (wanted && text === '') return [required(name)];
  return text.length > lengthsMax[name] ? [invalid(name, '', `can have at most ${lengthsMax[name]} characters`)] : [];
}

/** What events.k8s.io/v1 asks for beyond that. */
export function validateNewEvent(event: Event, old?: Event): FieldError[] {
  return old ? validateNewEventUpdate(event, old) : validateNewEventCreate(event);
}

function validateNewEventCreate(event: Event): FieldError[] {
  const unset = (['firstTimestamp', 'lastTimestamp', 'count'] as const).filter((name) => event[name]);
  const { type, source } = event;
  return [
    ...validateMetadata(event, { scope: 'Namespaced', name: dnsSubdomain }),
    ...series(event),
    ...(event.eventTime ? [] : [required('eventTime')]),
    ...(type === 'Normal' || type === 'Warning' ? [] : [invalid('type', '', `has invalid value: ${type ?? ''}`)]),
    ...unset.map((name) => invalid(name, '', 'needs to be unset')),
    ...(source?.component || source?.host ? [invalid('source', '', 'needs to be unset')] : []),
  ];
}

function series({ series }: Event): FieldError[] {
  if (!series) return [];
  return [
    ...((series.count ?? 0) < 2 ? [invalid('series.count', '', 'should be at least 2')] : []),
    ...(series.lastObservedTime ? [] : [required('series.lastObservedTime')]),
  ];
}

const kept = [
  ...['involvedObject', 'reason', 'message', 'source', 'firstTimestamp', 'lastTimestamp', 'count', 'type', 'eventTime', 'action'],
  ...['related', 'reportingComponent', 'reportingInstance'],
] as (keyof Event)[];

function validateNewEventUpdate(event: Event, old: Event): FieldError[] {
  const changed = kept.filter((name) => !deepEqual(event[name] ?? null, old[name] ?? null));
  const shown = (name: keyof Event) => (name === 'reportingComponent' ? 'reportingController' : name);
  return [
    ...(deepEqual(event.series ?? null, old.series ?? null) ? [] : series(event)),
    ...changed.map((name) => invalid(shown(name), event[name] ?? '', immutable)),
  ];
}
