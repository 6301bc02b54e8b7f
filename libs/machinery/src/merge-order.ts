// The order of a list after a strategic merge: what the patch names stands as the patch (or its $setElementOrder) has it; what
// only the server has keeps its place before those that stood behind it. Kubernetes users see this order in their objects.
import { goText } from './go-text.ts';
import { deepEqual, isRecord } from './json.ts';
import { StatusError } from './status.ts';

/** What an element is known by: its merge key, or itself. */
function identityOf(item: unknown, mergeKey: string | undefined): unknown {
  return mergeKey !== undefined && isRecord(item) ? item[mergeKey] : item;
}

/** @param order the elements that the patch names, in its order @param before the list as it was on the server */
export function mergeOrder(merged: unknown[], order: unknown[], before: unknown[], mergeKey: string | undefined): unknown[] {
  const rankIn = ranks(order, mergeKey);
  const placeIn = ranks(before, mergeKey);
  const named = merged.filter((item) => rankIn(item) >= 0).sort((a, b) => rankIn(a) - rankIn(b));
  const others = merged.filter((item) => rankIn(item) < 0);
  const result: unknown[] = [];
  let next = 0;
  for (const item of named) {
    const place = placeIn(item);
    while (next < others.length && place >= 0 && placeIn(others[next]) < place) result.push(others[next++]);
    result.push(item);
  }
  return [...result, ...others.slice(next)];
}

/** Index by identity; -1 for what is not there. Maps, because lists come from users and may be long. */
function ranks(list: unknown[], mergeKey: string | undefined): (item: unknown) => number {
  const known = new Map<unknown, number>();
  for (const [index, item] of list.entries()) {
    const identity = identityOf(item, mergeKey);
    if (!known.has(identity)) known.set(identity, index);
  }
  return (item) => known.get(identityOf(item, mergeKey)) ?? -1;
}

/** Elements that a patch adds or changes must stand in its $setElementOrder, in the same order. @throws StatusError BadRequest */
export function checkOrder(patch: unknown[], order: unknown[], mergeKey: string | undefined): void {
  const wanted = patch.filter((item) => !(isRecord(item) && item.$patch === 'delete'));
  let found = 0;
  for (const entry of order) {
    if (found < wanted.length && deepEqual(identityOf(entry, mergeKey), identityOf(wanted[found], mergeKey))) found++;
  }
  if (found < wanted.length)
    throw StatusError.badRequest(`The order in patch list:\n${goText(patch)}\n doesn't match $setElementOrder list:\n${goText(order)}\n`);
}
