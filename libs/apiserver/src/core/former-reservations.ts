// Clusters that an earlier version made hold their cluster IPs by keys; here each becomes the IPAddress object that holds it
// now, in one transaction, so that there is no moment in which the address is free. Runs before the first request.
import { prefixEnd, type Store } from '@berth/store';
import { addressKey, type Ports, storedAddress } from './admission/service-claims.ts';
import { formerClusterIpPrefix } from './keys.ts';

const pageSize = 500;
const decoder = new TextDecoder();

/** @returns how many there were */
export async function adoptFormerReservations(store: Store, ports: Ports): Promise<number> {
  let adopted = 0;
  for (let start = formerClusterIpPrefix, more = true; more; ) {
    const page = await store.range({ start, end: prefixEnd(formerClusterIpPrefix), limit: pageSize });
    await Promise.all(page.kvs.map(({ key }) => adopt(store, key, ports)));
    adopted += page.kvs.length;
    start = `${page.kvs.at(-1)?.key}\0`;
    more = page.more;
  }
  return adopted;
}

/** Until it is done, by this server or by another that starts at the same time. */
async function adopt(store: Store, former: string, ports: Ports): Promise<void> {
  const address = former.slice(formerClusterIpPrefix.length);
  const key = addressKey(address);
  for (;;) {
    const [{ kv: reservation }, { kv: object }] = [await store.get(former), await store.get(key)];
    if (!reservation) return;
    const value = storedAddress(address, holderOf(reservation.value), ports);
    // An object that somebody made by hand reserves the address as well; whose it is, the repair controller sees to.
    const { succeeded } = await store.transact({
      compare: [
        { key: former, target: 'mod', revision: reservation.modRevision },
        object ? { key, target: 'mod', revision: object.modRevision } : { key, target: 'version', version: 0 },
      ],
      writes: [{ type: 'delete', key: former }, ...(object ? [] : [{ type: 'put' as const, key, value }])],
    });
    if (succeeded) return;
  }
}

function holderOf(value: Uint8Array): { namespace: string; name: string } {
  return JSON.parse(decoder.decode(value)) as { namespace: string; name: string };
}
