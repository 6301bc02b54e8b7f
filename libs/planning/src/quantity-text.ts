// Amounts of quotas as the server writes them.
import { amountText } from '@berth/scheduling';

/** @param key of a quota, such as `requests.cpu` */
export function formatted(key: string, amount: number): string {
  return amountText(key.replace(/^(requests|limits)\./, ''), amount);
}
