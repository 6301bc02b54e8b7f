// How the servers of a proxy that runs become those that are wanted, without a reload: each backend has slots, and endpoints come and go
// among them. Pure. A slot that loses its endpoint takes no new requests; what it has begun goes on.
import { type Endpoint, endpointText } from '../network/endpoints.ts';
import type { ProxyBackend } from './proxy-model.ts';

export interface ServerSlot {
  backend: string;
  name: string;
  address: string;
  port: number;
  /** Whether it takes requests. */
  isReady: boolean;
}

/** Forced maintenance: what `disabled` and `state maint` set, and `state ready` takes away. */
const maintenance = 0x01;

/** Reads what `show servers state` says: a version, a heading, a line a server. */
export function parseServers(text: string): ServerSlot[] {
  const lines = text.split('\n').filter((line) => line !== '');
  const headings =
    lines
      .find((line) => line.startsWith('# '))
      ?.slice(2)
      .split(' ') ?? [];
  const [backend, name, address, state, port] = ['be_name', 'srv_name', 'srv_addr', 'srv_admin_state', 'srv_port'].map((heading) =>
    headings.indexOf(heading),
  ) as [number, number, number, number, number];
  return lines.flatMap((line) => {
    const fields = line.split(' ');
    if (line.startsWith('#') || fields.length < headings.length) return [];
    const isReady = (Number(fields[state]) & maintenance) === 0;
    return [
      { backend: fields[backend] ?? '', name: fields[name] ?? '', address: fields[address] ?? '', port: Number(fields[port]), isReady },
    ];
  });
}

/** Commands for HAProxy's socket, in order; undefined when there is not enough room. */
export function serverChanges(slots: ServerSlot[], backends: ProxyBackend[]): string[] | undefined {
  const byBackend = Map.groupBy(slots, ({ backend }) => backend);
  const changes = backends.map(({ name, endpoints }) => backendChanges(byBackend.get(name) ?? [], endpoints));
  return changes.some((change) => change === undefined) ? undefined : changes.flatMap((change) => change ?? []);
}

function backendChanges(slots: ServerSlot[], endpoints: Endpoint[]): string[] | undefined {
  const missing = new Map(endpoints.map((endpoint) => [endpointText(endpoint), endpoint]));
  const unused: ServerSlot[] = [];
  for (const slot of slots) if (!slot.isReady || !missing.delete(endpointText(slot))) unused.push(slot);
  // Those at rest first: the others have requests under way.
  unused.sort((a, b) => Number(a.isReady) - Number(b.isReady));
  if (unused.length < missing.size) return undefined;
  const filled = [...missing.values()].flatMap(({ address, port }, index) => {
    const server = pathOf(unused[index]);
    return [`set server ${server} addr ${address} port ${port}`, `set server ${server} state ready`];
  });
  const emptied = unused.slice(missing.size).filter(({ isReady }) => isReady);
  return [...filled, ...emptied.map((slot) => `set server ${pathOf(slot)} state maint`)];
}

function pathOf(slot: ServerSlot | undefined): string {
  return `${slot?.backend}/${slot?.name}`;
}
