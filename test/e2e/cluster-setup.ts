// One real cluster for all end-to-end tests: its own directory, ports, address ranges and instance, so that it runs beside one
// that `npm run up` started. Everything it made is gone at the end, also when tests failed.
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { Cluster } from '../../tools/cluster/cluster.ts';
import { provideImage } from '../../tools/cluster/images.ts';
import { kubectlPath } from '../../tools/cluster/kubectl.ts';
import { type ClusterLayout, layoutOf, root } from '../../tools/cluster/layout.ts';

declare module 'vitest' {
  interface ProvidedContext {
    layout: ClusterLayout;
    kubectl: string;
    /** The image of examples/hello in this cluster's registry. */
    helloImage: string;
  }
}

/** Short, as Unix sockets live below it. */
const parent = '/tmp';

export default async function setUp(project: TestProject): Promise<() => Promise<void>> {
  const directory = await mkdtemp(join(parent, 'be2e-'));
  const layout = { ...layoutOf(7), directory };
  const cluster = new Cluster(layout);
  const tearDown = async () => {
    await cluster.stop({ removeState: true });
    await rm(directory, { recursive: true, force: true });
  };
  try {
    await cluster.startRegistry();
    await cluster.startControlPlane();
    await cluster.startAgent();
    project.provide('layout', layout);
    project.provide('kubectl', await kubectlPath());
    project.provide(
      'helloImage',
      await provideImage(layout, { repository: 'berth/hello', tag: '1.0', folder: join(root, 'examples', 'hello') }),
    );
    return tearDown;
  } catch (error) {
    await tearDown();
    throw error;
  }
}
