// npm run up: from a fresh clone to a web application in real containers. Each step says what it does and how long it took; what
// is done already is skipped.
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { build } from './build.ts';
import { provideBinFolder } from './cluster/bin-folder.ts';
import { Cluster } from './cluster/cluster.ts';
import { clusterPackages, installMissing } from './cluster/debian.ts';
import { eventually } from './cluster/eventually.ts';
import { provideImage } from './cluster/images.ts';
import { kubectlPath } from './cluster/kubectl.ts';
import { type ClusterLayout, layoutOf, root } from './cluster/layout.ts';
import { keepLoadBalancerPool } from './cluster/load-balancer-pool.ts';
import { nodesMax, nodesPresent } from './cluster/node-layout.ts';
import { requireRoot } from './cluster/require-root.ts';
import { CommandError, runCommand } from './cluster/run-command.ts';

const rolloutTimeoutSeconds = 90;
const eventsShown = 8;
const example = join(root, 'examples', 'hello');

const usage = `usage: npm run up -- [options]
  --store sqlite|etcd  where state is held (default sqlite, or what the cluster was made with)
  --nodes N            so many nodes, each further one in a network namespace of its own (default 1, or as many as there are)
  --load-balancer-pool RANGES  addresses for services of type LoadBalancer, such as 100.64.0.200-100.64.0.220 with several nodes
                       (default: what was given last, or the nodes' own addresses; '' for these again)
  --instance N         a cluster of its own beside the standard one, which is 0: other ports, other directory
  --help`;

async function step<T>(what: string, work: () => Promise<T> | T): Promise<T> {
  const startMs = performance.now();
  process.stdout.write(`  ${what} … `);
  try {
    const result = await work();
    console.log(`${((performance.now() - startMs) / 1000).toFixed(1)} s`);
    return result;
  } catch (error) {
    console.log('failed');
    throw error;
  }
}

function layoutFromArguments(): { layout: ClusterLayout; nodes: number; pool: string | undefined } {
  const options = {
    store: { type: 'string' },
    nodes: { type: 'string' },
    'load-balancer-pool': { type: 'string' },
    instance: { type: 'string', default: '0' },
    help: { type: 'boolean', default: false },
  } as const;
  const { values } = parseArgs({ options });
  if (values.help) {
    console.log(usage);
    process.exit(0);
  }
  const layout = layoutOf(Number(values.instance));
  const present = storeOf(layout.directory);
  const store = values.store ?? present ?? layout.store;
  if (store !== 'sqlite' && store !== 'etcd') throw new Error(`--store: ${JSON.stringify(store)} is not one of sqlite, etcd`);
  if (present !== undefined && present !== store) {
    throw new Error(`this cluster keeps its state in ${present}; run npm run down -- --remove-state first to start one on ${store}`);
  }
  return { layout: { ...layout, store }, nodes: nodesWanted(layout, values.nodes), pool: values['load-balancer-pool'] };
}

function nodesWanted(layout: ClusterLayout, option: string | undefined): number {
  const present = nodesPresent(layout);
  const nodes = Number(option ?? present);
  if (!Number.isInteger(nodes) || nodes < 1 || nodes > nodesMax)
    throw new Error(`--nodes: ${JSON.stringify(option)} is not a number from 1 to ${nodesMax}`);
  if (nodes < present)
    throw new Error(`--nodes: this cluster has ${present}; run npm run down -- --remove-state first to start one with fewer`);
  return nodes;
}

function storeOf(directory: string): 'sqlite' | 'etcd' | undefined {
  if (existsSync(join(directory, 'etcd'))) return 'etcd';
  return existsSync(join(directory, 'store.sqlite')) ? 'sqlite' : undefined;
}

async function startCluster(cluster: Cluster, nodes: number): Promise<void> {
  const { store } = cluster.layout;
  await step('building Berth', () => build());
  await step('starting the image registry', () => cluster.startRegistry());
  await step(`starting the control plane (state in ${store})`, () => cluster.startControlPlane());
  const agents = nodes === 1 ? 'the node agent and its containerd' : `${nodes} node agents, each with a containerd of its own`;
  await step(`starting ${agents}`, () => cluster.startAgents(nodes));
}

async function runExample(cluster: Cluster, kubectl: string[]): Promise<string[]> {
  await step('building examples/hello and pushing it to the registry', () =>
    provideImage(cluster.layout, { repository: 'berth/hello', tag: '1.0', folder: example }),
  );
  const manifest = await exampleManifest(cluster.layout);
  await step('kubectl apply -f examples/hello/hello.yaml', () => runCommand([...kubectl, 'apply', '-f', manifest]));
  await step('waiting for the rollout', () => rollout(kubectl));
  return step('fetching the page from both replicas', () => pagesOfReplicas(cluster.layout.exampleNodePort));
}

async function rollout(kubectl: string[]): Promise<void> {
  const wait = ['-n', 'hello', 'rollout', 'status', 'deployment/hello', `--timeout=${rolloutTimeoutSeconds}s`];
  try {
    await runCommand([...kubectl, ...wait], { timeoutMs: (rolloutTimeoutSeconds + 10) * 1000 });
  } catch (error) {
    const pods = await runCommand([...kubectl, '-n', 'hello', 'get', 'pods']);
    const events = await runCommand([...kubectl, '-n', 'hello', 'get', 'events', '--sort-by=.lastTimestamp']);
    const lastEvents = events.stdout.trimEnd().split('\n').slice(-eventsShown).join('\n');
    throw new Error(`${(error as Error).message}\n${pods.stdout}\n${lastEvents}`, { cause: error });
  }
}

/** The example as it is, or, beside the standard cluster, a copy with this one's ports. */
async function exampleManifest(layout: ClusterLayout): Promise<string> {
  const original = join(example, 'hello.yaml');
  const standard = layoutOf(0);
  if (layout.registryPort === standard.registryPort) return original;
  const text = await readFile(original, 'utf8');
  const copy = join(layout.directory, 'hello.yaml');
  const ported = text
    .replaceAll(`localhost:${standard.registryPort}/`, `localhost:${layout.registryPort}/`)
    .replaceAll(`nodePort: ${standard.exampleNodePort}`, `nodePort: ${layout.exampleNodePort}`);
  await writeFile(copy, ported);
  return copy;
}

/** Asks until two different pods have answered. */
async function pagesOfReplicas(nodePort: number): Promise<string[]> {
  const pages = new Map<string, string>();
  return eventually('an answer from both replicas', 20_000, async () => {
    const response = await fetch(`http://127.0.0.1:${nodePort}/`, { signal: AbortSignal.timeout(2_000), headers: { connection: 'close' } });
    const page = await response.text();
    if (!response.ok) throw new Error(`HTTP ${response.status}: ${page.slice(0, 200)}`);
    const pod = /hello-[a-z0-9]+-[a-z0-9]+/.exec(page)?.[0];
    if (pod === undefined) throw new Error(`the page does not name its pod:\n${page.slice(0, 500)}`);
    pages.set(pod, page);
    return pages.size === 2 ? [...pages.keys()] : undefined;
  });
}

async function main(): Promise<void> {
  const { layout, nodes, pool } = layoutFromArguments();
  requireRoot('npm run up');
  const cluster = new Cluster(layout);
  const wasRunning = cluster.isRunning;
  console.log(wasRunning ? 'Berth is running; making sure of everything' : 'Starting Berth');
  installMissing([...clusterPackages, ...(layout.store === 'etcd' ? (['etcd-server'] as const) : [])], (message) =>
    console.log(`  ${message} …`),
  );
  const isOtherPool = pool !== undefined && keepLoadBalancerPool(layout, pool);
  await cluster.stopSupervisor();
  if (wasRunning) await Promise.all([build(['supervisor']), cluster.startAgents(nodes)]);
  else await startCluster(cluster, nodes);
  if (wasRunning && isOtherPool)
    await step('starting the control plane anew, with other addresses for load balancers', () => cluster.restartControlPlane());
  cluster.startSupervisor();
  const kubectl = [await kubectlPath('1.35'), '--kubeconfig', cluster.kubeconfig];
  const pods = await runExample(cluster, kubectl);
  await tellWhatNext(cluster, pods);
}

/** The one that an earlier start made, while it is good. */
async function dashboardToken(cluster: Cluster): Promise<string> {
  const file = join(cluster.layout.directory, 'dashboard.token');
  const kept = existsSync(file) ? (await readFile(file, 'utf8')).trim() : '';
  if (kept !== '' && (await cluster.token((tokens) => tokens.verifyAccessToken(kept)))) return kept;
  const token = await cluster.token((tokens) => tokens.createAccessToken({ name: 'dashboard', groups: ['system:masters'] }));
  await writeFile(file, `${token}\n`, { mode: 0o600 });
  return token;
}

async function tellWhatNext(cluster: Cluster, pods: string[]): Promise<void> {
  const bin = await provideBinFolder(cluster.layout);
  const token = await dashboardToken(cluster);
  console.log(`
Berth is up, and ${pods.join(' and ')} answer.

  the page     http://127.0.0.1:${cluster.layout.exampleNodePort}/
  dashboard    https://127.0.0.1:${cluster.layout.apiPort}/ui/
               log in with ${token}
  kubeconfig   ${cluster.kubeconfig}

Try next:
  export PATH=${bin}:$PATH
  kubectl get all -A
  kubectl -n hello logs -f deploy/hello
  kubectl -n hello scale deploy/hello --replicas=4
  kubectl -n hello describe pod
  npm run down${cluster.layout.instance === '0' ? '' : ` -- --instance ${cluster.layout.instance}`}`);
}

// Whoever reads this may have read enough, as `head` does.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
});
try {
  await main();
} catch (error) {
  console.error(`berth: ${error instanceof Error ? error.message : String(error)}`);
  if (!(error instanceof CommandError) && error instanceof Error && error.cause instanceof Error && process.env.BERTH_DEBUG)
    console.error(error.cause);
  process.exit(1);
}
