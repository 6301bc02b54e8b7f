// Real clusters for the end-to-end tests, one for each file that runs at the same time: their own directories, ports, address ranges
// and instances, so that they run beside each other and beside one that `npm run up` started. Everything they made is gone at the
// end, also when tests failed.
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { Cluster } from '../../tools/cluster/cluster.ts';
import { provideImage } from '../../tools/cluster/images.ts';
import { kubectlPath } from '../../tools/cluster/kubectl.ts';
import { type ClusterLayout, layoutOf, root, testInstances } from '../../tools/cluster/layout.ts';

/** The cluster that the files of one worker share, one file at a time. */
export interface Lane {
  layout: ClusterLayout;
  /** The image of examples/hello in this cluster's registry. */
  helloImage: string;
}

declare module 'vitest' {
  interface ProvidedContext {
    lanes: Lane[];
    kubectl: string;
  }
}

/** The same in each, as what commands print names it. */
const laneNode = 'berth-node-8';
/** The same tests on another containerd or runtime than the one that is installed. */
const programs = { containerd: process.env.BERTH_E2E_CONTAINERD, ociRuntime: process.env.BERTH_E2E_RUNTIME };
/** Short, as Unix sockets live below it. */
const parent = '/tmp';

export default async function setUp(project: TestProject): Promise<() => Promise<void>> {
  const instances = testInstances.lanes.slice(0, project.config.maxWorkers);
  const tearDowns: (() => Promise<void>)[] = [];
  const tearDown = async () => {
    await Promise.all(tearDowns.map((one) => one()));
  };
  try {
    project.provide('kubectl', await kubectlPath());
    const lanes = await Promise.all(instances.map((instance) => startLane(instance, (one) => tearDowns.push(one))));
    project.provide('lanes', lanes);
    return tearDown;
  } catch (error) {
    await tearDown();
    throw error;
  }
}

async function startLane(instance: number, onTearDown: (tearDown: () => Promise<void>) => void): Promise<Lane> {
  const directory = await mkdtemp(join(parent, 'be2e-'));
  // Pods with users of their own pass through it.
  await chmod(directory, 0o711);
  const layout = { ...layoutOf(instance), ...programs, directory, nodeName: laneNode };
  const cluster = new Cluster(layout);
  onTearDown(async () => {
    await cluster.stop({ removeState: true });
    await rm(directory, { recursive: true, force: true });
  });
  await cluster.startRegistry();
  await cluster.startControlPlane();
  await cluster.startAgents();
  const folder = join(root, 'examples', 'hello');
  return { layout, helloImage: await provideImage(layout, { repository: 'berth/hello', tag: '1.0', folder }) };
}
