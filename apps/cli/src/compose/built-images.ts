// The images of services that say how they are built: taken from the cluster's registry where they are there, else built and pushed to it.
// Pods name them by digest, so that an image that was built anew is one that starts new pods.
import type { HttpClient } from '@berth/client';
import type { ServiceBuild } from '@berth/compose';
import { buildTimeoutSecondsDefault, imageNameOf, imageText, keepSecondsDefault, memoryDefault } from '@berth/controllers/image-build';
import { buildImage } from '../build/image-build.ts';
import { ClusterRegistry } from '../build/registry.ts';
import type { ComposeArguments } from './compose-options.ts';

export interface BuildingPorts {
  client: HttpClient;
  environment: NodeJS.ProcessEnv;
  isTerminal: boolean;
  progress(line: string): void;
  warn(text: string): void;
  signal: AbortSignal;
}

/** Of a build that failed where nobody saw its lines. */
const linesShown = 40;

/** @returns names of images by service @throws Error that names the service */
export async function builtImages(
  builds: readonly ServiceBuild[],
  namespace: string,
  given: Pick<ComposeArguments, 'builds' | 'isUncached' | 'showsLines'>,
  ports: BuildingPorts,
): Promise<Map<string, string>> {
  const images = new Map<string, string>();
  if (builds.length === 0) return images;
  const registry = await ClusterRegistry.of(ports.client);
  for (const build of builds) {
    const path = `services.${build.service}`;
    try {
      const name = imageNameOf(build.name, { registry: registry.host, namespace });
      const isOurs = name.host === registry.host;
      const digest = isOurs ? await registry.digestOf(name.repository, name.tag) : undefined;
      const isNeeded = given.builds === 'all' || (given.builds === 'missing' && (build.isAlways || (isOurs && digest === undefined)));
      if (isNeeded) images.set(build.service, await built(build, namespace, given, ports));
      else if (digest !== undefined) images.set(build.service, `${imageText(name)}@${digest}`);
      else if (isOurs) throw new Error(`${imageText(name)} was not built yet: leave --no-build out`);
    } catch (error) {
      throw new Error(`${path}.build: ${(error as Error).message}`, { cause: error });
    }
  }
  return images;
}

async function built(
  build: ServiceBuild,
  namespace: string,
  { isUncached, showsLines }: Pick<ComposeArguments, 'isUncached' | 'showsLines'>,
  { client, environment, isTerminal, progress, warn, signal }: BuildingPorts,
): Promise<string> {
  const { service, context, dockerfile, name: tag, buildArguments, labels, target } = build;
  const kept: string[] = [];
  const line = (text: string) => {
    if (isTerminal || showsLines) return warn(`${service} | ${text}`);
    kept.push(text);
    if (kept.length > linesShown) kept.shift();
  };
  const wish = {
    ...{ folder: context, dockerfile, tag, buildArguments, labels, target, pushSecret: undefined, cacheClaim: undefined },
    ...{
      memory: memoryDefault,
      timeoutSeconds: buildTimeoutSecondsDefault,
      keepSeconds: keepSecondsDefault,
      isUncached: isUncached || build.isUncached,
    },
    secrets: build.secrets.map(({ id, base64 }) => ({ id, source: { base64 } })),
  };
  const ports = { client, namespace, environment, signal, line, progress: (text: string) => progress(`${service}: ${text}`) };
  try {
    const { image, digest } = await buildImage(wish, ports);
    progress(`${service}: built ${image}`);
    return `${image}@${digest}`;
  } catch (error) {
    for (const text of kept) warn(`${service} | ${text}`);
    throw error;
  }
}
