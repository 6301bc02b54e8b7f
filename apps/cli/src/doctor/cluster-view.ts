// What a cluster says of itself, as far as checks need it: asked once, and bounded in time.
import { Lease, Node, PersistentVolume, Pod } from '@berth/api';
import type { Card } from '@berth/causes';
import { type Connection, HttpClient, KubeconfigError, readKubeconfig } from '@berth/client';
import { StatusError } from '@berth/machinery';
import type { ClockAsked } from './clocks.ts';
import type { KnownToApi } from './leaks.ts';
import { cardsOf } from './troubles.ts';

const timeoutMs = 10_000;
const leaseNamespace = 'kube-node-lease';

export interface ClusterView {
  server: string;
  version: string;
  nodes: Node[];
  leases: Lease[];
  known: KnownToApi;
  /** The answer of /readyz?verbose. */
  readiness: string;
  clock: ClockAsked;
  /** What is wrong with what runs in it. */
  cards(): Promise<Card[]>;
  /** Pods and volumes as they are now. */
  again(): Promise<KnownToApi>;
}

/** @returns why it cannot be asked, in words that follow `because` */
export async function viewOf(kubeconfig: string, now: () => number): Promise<{ view: ClusterView; close(): void } | string> {
  let connection: Connection;
  try {
    connection = await readKubeconfig(kubeconfig);
  } catch (error) {
    if (error instanceof KubeconfigError) return error.message;
    throw error;
  }
  const { server } = connection;
  const client = new HttpClient(connection);
  try {
    const view = await asked(client, server, now);
    return { view, close: () => client.close() };
  } catch (error) {
    client.close();
    const { message, code } = error as NodeJS.ErrnoException;
    // Of addresses that were all tried, Node says each by itself.
    return `the API at ${server} cannot be asked: ${message || code}`;
  }
}

async function asked(client: HttpClient, server: string, now: () => number): Promise<ClusterView> {
  const clock = await askClock(client, now);
  const version = JSON.parse(await client.text('/version', AbortSignal.timeout(timeoutMs))) as { gitVersion: string };
  const known = async () => {
    const [pods, volumes] = await Promise.all([client.list(Pod), client.list(PersistentVolume)]);
    return { pods: pods.items, volumes: volumes.items };
  };
  const [nodes, leases, readiness] = await Promise.all([
    client.list(Node),
    client.list(Lease, { namespace: leaseNamespace }),
    readinessOf(client),
  ]);
  const { gitVersion } = version;
  return {
    server,
    version: gitVersion,
    nodes: nodes.items,
    leases: leases.items,
    known: await known(),
    readiness,
    clock,
    cards: () => cardsOf(client, now()),
    again: known,
  };
}

async function askClock(client: HttpClient, now: () => number): Promise<ClockAsked> {
  // The first request makes the connection, which takes its time.
  await client.text('/version', AbortSignal.timeout(timeoutMs));
  const sentMs = now();
  const answer = await client.open('/version', AbortSignal.timeout(timeoutMs));
  const receivedMs = now();
  answer.resume();
  const { date } = answer.headers;
  return { sentMs, receivedMs, dateMs: date === undefined ? undefined : Date.parse(date) };
}

/** Also when it is not ready, which is an answer of 500. */
async function readinessOf(client: HttpClient): Promise<string> {
  try {
    return await client.text('/readyz?verbose', AbortSignal.timeout(timeoutMs));
  } catch (error) {
    if (error instanceof StatusError) return error.message.replace(/^HTTP \d+: /, '');
    throw error;
  }
}
