// What goes wrong in a simulated cluster, and what its users do meanwhile; when and what comes from the seed alone.
import { ConfigMap, Deployment, Pod } from '@berth/api';
import type { Client } from '@berth/client';
import { noFaults } from './faulty-store.ts';
import type { SimulatedCluster } from './simulated-cluster.ts';

const namespace = 'default';
const pauseMsMax = 3_000;

export class Chaos {
  readonly #cluster: SimulatedCluster;
  /** Names of config maps whose creation was acknowledged. */
  readonly acknowledged: string[] = [];
  /** Containers that were crashed, by pod name. */
  readonly crashed = new Map<string, number>();
  #isOver = false;
  #created = 0;

  constructor(cluster: SimulatedCluster) {
    this.#cluster = cluster;
  }

  /** Goes on until `heal`. */
  begin(): void {
    this.#next();
  }

  /** Mends everything; what was down comes back. */
  heal(): void {
    this.#isOver = true;
    this.#cluster.faults = noFaults;
    this.#cluster.startControlPlane();
    for (const node of this.#cluster.nodes) {
      node.partition(false);
      node.runtime.setAvailable(true);
    }
  }

  #next(): void {
    const { clock, chance } = this.#cluster;
    clock.after(chance.int(pauseMsMax), () => {
      if (this.#isOver) return;
      const all = [...this.#faults(), ...this.#uses()];
      all[chance.int(all.length)]?.();
      this.#next();
    });
  }

  #faults(): (() => void)[] {
    const cluster = this.#cluster;
    const { chance } = cluster;
    const node = () => cluster.nodes[chance.int(cluster.nodes.length)];
    return [
      () =>
        this.#during(
          10_000,
          () => (cluster.faults = { ...noFaults, brokenWatchShare: 0.2 }),
          () => (cluster.faults = noFaults),
        ),
      () =>
        this.#during(
          10_000,
          () => (cluster.faults = { ...noFaults, refusedShare: 0.2, unansweredShare: cluster.answersGetLost ? 0.1 : 0 }),
          () => (cluster.faults = noFaults),
        ),
      () =>
        this.#during(
          20_000,
          () => cluster.crashControlPlane(),
          () => cluster.startControlPlane(),
        ),
      () => this.#crashAgent(),
      () => {
        const lost = node();
        this.#during(
          400_000,
          () => lost?.partition(true),
          () => lost?.partition(false),
        );
      },
      () => {
        const broken = node();
        this.#during(
          20_000,
          () => broken?.runtime.setAvailable(false),
          () => broken?.runtime.setAvailable(true),
        );
      },
      () => void this.#crashContainer(),
    ];
  }

  #during(durationMsMax: number, begin: () => void, end: () => void): void {
    const { clock, chance } = this.#cluster;
    begin();
    clock.after(chance.int(durationMsMax), () => this.#isOver || end());
  }

  #crashAgent(): void {
    const { nodes, chance, clock } = this.#cluster;
    const node = nodes[chance.int(nodes.length)];
    node?.crashAgent();
    clock.after(chance.int(30_000), () => void node?.startAgent());
  }

  async #crashContainer(): Promise<void> {
    const { nodes, chance } = this.#cluster;
    const node = nodes[chance.int(nodes.length)];
    const running = (await node?.runtime.listContainers().catch(() => []))?.filter((container) => container.state === 'running') ?? [];
    const container = running[chance.int(Math.max(1, running.length))];
    if (!container) return;
    const pod = container.labels['io.kubernetes.pod.name'] ?? '';
    this.crashed.set(pod, (this.crashed.get(pod) ?? 0) + 1);
    node?.runtime.crash(container.id, 1);
  }

  #uses(): (() => void)[] {
    const { chance } = this.#cluster;
    const name = () => `web-${chance.int(3)}`;
    const patch = (spec: object) => this.#use((client) => client.patch(Deployment, { namespace, name: name() }, 'merge', { spec }));
    return [
      () => patch({ replicas: chance.int(6) }),
      () => patch({ template: { metadata: { annotations: { round: String(chance.int(1_000)) } } } }),
      () => this.#use((client) => client.delete(Deployment, { namespace, name: name() })),
      () => this.#use((client) => client.create(Deployment, deployment(name(), 1 + chance.int(4), 'created'))),
      () => this.#use((client) => deleteAnyPod(client, chance.int(1_000), undefined)),
      () => this.#use((client) => deleteAnyPod(client, chance.int(1_000), 0)),
      () => this.#use((client) => resizeAnyPod(client, chance.int(1_000), `${10 * (1 + chance.int(20))}m`)),
      () => this.#use((client) => this.#createConfigMap(client)),
    ];
  }

  /** Users see their requests fail, and go on. */
  #use(request: (client: Client) => Promise<unknown>): void {
    const client = this.#cluster.client();
    if (client) void request(client).catch((error: Error) => this.#cluster.trace.add(`a user was refused: ${error.message}`));
  }

  async #createConfigMap(client: Client): Promise<void> {
    const name = `kept-${this.#created++}`;
    await client.create<ConfigMap>(ConfigMap, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace }, data: { name } });
    this.acknowledged.push(name);
  }
}

/** @param gracePeriodSeconds 0 removes it from the API before its node knows */
async function deleteAnyPod(client: Client, which: number, gracePeriodSeconds: number | undefined): Promise<void> {
  const { items } = await client.list(Pod, { namespace });
  const pod = items[which % Math.max(1, items.length)];
  if (pod) await client.delete(Pod, { namespace, name: pod.metadata.name }, gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds });
}

async function resizeAnyPod(client: Client, which: number, cpu: string): Promise<void> {
  const { items } = await client.list(Pod, { namespace });
  const pod = items[which % Math.max(1, items.length)];
  const patch = { spec: { containers: [{ name: 'main', resources: { requests: { cpu } } }] } };
  if (pod) await client.patch(Pod, { namespace, name: pod.metadata.name }, 'strategic', patch, { subresource: 'resize' });
}

export function deployment(name: string, replicas: number, round: string): Deployment {
  const labels = { app: name };
  const spec = {
    terminationGracePeriodSeconds: 2,
    containers: [{ name: 'main', image: 'registry.local/web:1', resources: { requests: { cpu: '10m' } } }],
  };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace },
    spec: { replicas, selector: { matchLabels: labels }, template: { metadata: { labels, annotations: { round } }, spec } },
  };
}
