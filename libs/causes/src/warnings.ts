// The newest warning about each object, found once for many.
import type { Event } from '@berth/api';
import type { KubeObject } from '@berth/machinery';

export function timeOfEvent({ series, lastTimestamp, eventTime, metadata }: Event): string {
  return series?.lastObservedTime ?? lastTimestamp ?? eventTime ?? metadata.creationTimestamp ?? '';
}

/** What repeats what the status says already. */
const sayNothing = /^(BackOff|FailedScheduling)$/;

/** By UID. */
export function newestWarnings(events: readonly Event[]): Map<string, Event> {
  const newest = new Map<string, Event>();
  for (const event of events) {
    const { uid = '' } = event.involvedObject;
    if (event.type !== 'Warning' || uid === '' || sayNothing.test(event.reason ?? '')) continue;
    const other = newest.get(uid);
    if (!other || timeOfEvent(event) >= timeOfEvent(other)) newest.set(uid, event);
  }
  return newest;
}

/** Of some reasons or of any. */
export function newestWarning(events: readonly Event[], object: KubeObject, reasons = /(?:)/): Event | undefined {
  const about = events.filter(({ reason = '', involvedObject }) => involvedObject.uid === object.metadata.uid && reasons.test(reason));
  return newestWarnings(about).get(object.metadata.uid ?? '');
}
