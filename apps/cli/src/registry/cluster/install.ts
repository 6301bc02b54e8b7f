// `berth registry install`: makes the registry's objects, or brings them up to date, and waits until it serves. What is there already stays.
import { ConfigMap, Deployment, installedRegistry, kinds, Service } from '@berth/api';
import type { HttpClient } from '@berth/client';
import type { KindDefinition, KubeObject } from '@berth/machinery';
import { systemClock } from '@berth/telemetry';
import { provideImage } from '../../build/image-of-programs.ts';
import { ClusterRegistry, RegistryError } from '../../build/registry.ts';
import { untilState } from '../../compose/awaited-state.ts';
import { registryImage, registryImageConfig, registryRepository } from '../registry-image.ts';
import { baseObjects, workloadObjects } from './objects.ts';
import { registrySecrets } from './secrets.ts';

const { namespace, service: name, host, tokenPath } = installedRegistry;
const fieldManager = 'berth-registry';
/** For a claim's volume to be made, an image to be pulled and a pod to start. */
const readySeconds = 180;

export interface InstallWish {
  /** Of the volume, a quantity. */
  storage: string;
  storageClass: string | undefined;
  /** Where it is to run; where its image was brought by hand, this is needed. */
  node: string | undefined;
}

export async function installRegistry(client: HttpClient, wish: InstallWish, progress: (line: string) => void): Promise<void> {
  const image = await imageOfRegistry(client, wish, progress);
  for (const object of baseObjects(wish)) await applied(client, object);
  const address = await addressOf(client, { namespace, name });
  const { data } = await client.get(ConfigMap, { namespace: 'default', name: 'kube-root-ca.crt' });
  const authority = data?.['ca.crt'] ?? '';
  const secrets = await registrySecrets({ client, address, authority, nowMs: systemClock.now() });
  const tokenUrl = `https://${await addressOf(client, { namespace: 'default', name: 'kubernetes' })}${tokenPath}`;
  for (const object of workloadObjects({ ...image, node: wish.node, tokenUrl, secrets })) await applied(client, object);
  progress('waiting until it serves');
  const deployment = await client.get(Deployment, { namespace, name });
  if (!(await untilState(client, deployment, 'ready', AbortSignal.timeout(readySeconds * 1000))))
    throw new Error(
      `the registry does not serve after ${readySeconds} s: berth why deployment/${name} -n ${namespace} says what it waits for`,
    );
}

/** From the registry that the control plane was given; or, where there is none, as it was brought to a node by hand. */
async function imageOfRegistry(client: HttpClient, { node }: InstallWish, progress: (line: string) => void) {
  const image = await registryImage();
  const given = await givenRegistry(client);
  if (given) {
    const what = { repository: registryRepository, config: registryImageConfig, about: 'registries' };
    await provideImage(image, what, { registry: given, progress });
    return { image: `${given.host}/${registryRepository}:${image.tag}`, pullPolicy: 'IfNotPresent' as const };
  }
  if (node === undefined)
    throw new Error(
      `this cluster has no registry that the registry's own image could come from: bring it to the node that is to run it ` +
        `(there: berth registry image FILE, then berth image import FILE), and name that node with --node`,
    );
  return { image: broughtImage(image.tag), pullPolicy: 'Never' as const };
}

/** As the archive of `berth registry image` names it. */
export function broughtImage(tag: string): string {
  return `berth.local/${registryRepository}:${tag}`;
}

/** The one that this makes is none that its own image could come from. */
async function givenRegistry(client: HttpClient): Promise<ClusterRegistry | undefined> {
  try {
    const registry = await ClusterRegistry.of(client);
    return registry.host === host ? undefined : registry;
  } catch (error) {
    if (error instanceof RegistryError) return undefined;
    throw error;
  }
}

async function addressOf(client: HttpClient, key: { namespace: string; name: string }): Promise<string> {
  const { spec } = await client.get(Service, key);
  if (!spec?.clusterIP || spec.clusterIP === 'None') throw new Error(`the service ${key.name} of ${key.namespace} has no address`);
  return spec.clusterIP;
}

export function kindOf({ apiVersion, kind }: KubeObject): KindDefinition {
  const found = kinds.find(
    (known) => known.kind === kind && (known.group === '' ? 'v1' : `${known.group}/${known.version}`) === apiVersion,
  );
  if (!found) throw new Error(`the registry is made of no ${apiVersion} ${kind}`);
  return found;
}

async function applied(client: HttpClient, object: KubeObject): Promise<void> {
  await client.patch(kindOf(object), object.metadata, 'apply', object, { fieldManager, force: true });
}
