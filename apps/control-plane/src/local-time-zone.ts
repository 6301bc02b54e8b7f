// The time zone of TZ or of this machine, which schedules follow that name none.
import { isTimeZone } from '@berth/api';

/** @param name as the system tells it, if it can; UTC when there is no such zone, as with a TZ that says nothing known */
export function localTimeZone(name: string | undefined = Intl.DateTimeFormat().resolvedOptions().timeZone): string {
  return name !== undefined && isTimeZone(name) ? name : 'UTC';
}
