// One build from folder to image: context and builder go to the registry, a pod builds and pushes, and what it says last is the result.
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { type Pod, Secret } from '@berth/api';
import type { HttpClient } from '@berth/client';
import { buildFailure, buildPod, imageNameOf, imageText, resultPrefix } from '@berth/controllers/image-build';
import { provideBuildAccess } from './build-access.ts';
import type { BuildSecret, BuildWish } from './build-options.ts';
import { buildContext, packed } from './context.ts';
import { removePod, runPod } from './pod-run.ts';
import { provideBuilder } from './provide-builder.ts';
import { provideCache } from './provide-cache.ts';
import { ClusterRegistry } from './registry.ts';

export interface BuildPorts {
  client: HttpClient;
  namespace: string;
  environment: NodeJS.ProcessEnv;
  /** What Berth does. */
  progress(text: string): void;
  /** What the build writes. */
  line(text: string): void;
  signal: AbortSignal;
}

export interface BuildResult {
  /** With its tag. */
  image: string;
  digest: string;
  context: { files: number; bytes: number };
}

/** A build that came to nothing; the message says where and what to do. */
export class BuildError extends Error {}

const contextRepository = 'berth-build-context';
/** What a failure is looked for in. */
const linesKept = 200;
const megabyte = 1024 * 1024;

/** @throws BuildError, ContextError, ImageNameError, RegistryError */
export async function buildImage(wish: BuildWish, ports: BuildPorts): Promise<BuildResult> {
  const { client, namespace, progress, signal } = ports;
  const registry = await ClusterRegistry.of(client);
  const image = imageText(imageNameOf(wish.tag, { registry: registry.host, namespace }));
  const context = await buildContext(wish.folder, wish.dockerfile);
  const secrets = await secretData(wish.secrets, ports.environment);
  for (const path of context.skipped) progress(`${path} is no file, folder or link, and left out`);
  progress(`packing ${context.entries.length} files, ${(context.bytes / megabyte).toFixed(1)} MB`);
  const repository = `${namespace}/${contextRepository}`;
  const [builder, digest] = await Promise.all([
    provideBuilder({ registry, progress, signal }),
    registry.push(repository, packed(context), { Labels: { 'berth.io/part': 'context' } }, undefined, signal),
    provideBuildAccess(client, namespace),
    wish.cacheClaim === undefined ? undefined : provideCache(client, namespace, wish.cacheClaim),
  ]);
  const name = buildName(image);
  const pod = buildPod({
    ...{ name, namespace, image, registry: registry.host, builderImage: builder, memory: wish.memory },
    ...{ source: { image: `${registry.host}/${repository}@${digest}` }, dockerfile: context.dockerfile, pushSecret: wish.pushSecret },
    ...{ timeoutSeconds: wish.timeoutSeconds, secret: secrets && name, cacheClaim: wish.cacheClaim },
    settings: { ...wish, secretIds: wish.secrets.map(({ id }) => id) },
  });
  const { entries, bytes, dockerfileText } = context;
  const dockerfile = { text: dockerfileText, name: wish.dockerfile ?? 'Dockerfile' };
  return { image, digest: await run(pod, secrets, dockerfile, wish, ports), context: { files: entries.length, bytes } };
}

/** @returns the digest of what was pushed */
async function run(
  pod: Pod,
  secrets: Record<string, string> | undefined,
  dockerfile: { text: string; name: string },
  wish: BuildWish,
  ports: BuildPorts,
): Promise<string> {
  const { client, namespace, progress, signal } = ports;
  const kept: string[] = [];
  const line = (text: string) => {
    kept.push(text);
    if (kept.length > linesKept) kept.shift();
    ports.line(text);
  };
  try {
    const created = async ({ metadata }: Pod) => {
      if (!secrets) return;
      // Gone with its pod, whatever becomes of this process.
      const ownerReferences = [{ apiVersion: 'v1', kind: 'Pod', name: metadata.name, uid: metadata.uid ?? '' }];
      await client.create(Secret, {
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: { name: metadata.name, namespace, ownerReferences },
        data: secrets,
      });
    };
    const { exitCode, reason, message } = await runPod(pod, { client, line, progress, signal, created });
    const digest = new RegExp(`${resultPrefix}(sha256:[0-9a-f]{64})`).exec(message)?.[1];
    if (exitCode === 0 && digest !== undefined) return digest;
    throw failed({ reason, message, output: kept.join('\n') }, dockerfile, wish);
  } finally {
    await removePod(client, pod);
  }
}

function failed(
  { reason, message, output }: { reason: string; message: string; output: string },
  dockerfile: { text: string; name: string },
  wish: BuildWish,
): BuildError {
  if (reason === 'OOMKilled') return new BuildError(`the build used more memory than ${wish.memory}: allow it more with --memory`);
  if (reason === 'DeadlineExceeded')
    return new BuildError(`the build took longer than ${wish.timeoutSeconds} s: allow it more with --timeout`);
  if (output === '') return new BuildError(`the build's pod failed: ${[reason, message].filter((part) => part !== '').join(': ')}`);
  const { line, instruction, message: said, remedy } = buildFailure(output, dockerfile.text);
  const where = line === undefined ? 'the build failed' : `${dockerfile.name}:${line}: ${instruction}`;
  return new BuildError(`${where}: ${said}; ${remedy}`);
}

function buildName(image: string): string {
  const base =
    (image.split('/').at(-1) ?? '')
      .split(':')[0]
      ?.replaceAll(/[^a-z0-9-]+/g, '-')
      .slice(0, 40) ?? '';
  return `build-${base}-${randomBytes(4).toString('hex')}`;
}

/** Base64 by identifier. */
async function secretData(secrets: readonly BuildSecret[], environment: NodeJS.ProcessEnv): Promise<Record<string, string> | undefined> {
  if (secrets.length === 0) return undefined;
  const data: Record<string, string> = {};
  for (const { id, source } of secrets) {
    if ('base64' in source) data[id] = source.base64;
    else if ('file' in source) {
      const bytes = await readFile(source.file).catch((error: Error) => {
        throw new BuildError(`--secret id=${id}: ${error.message}`);
      });
      data[id] = bytes.toString('base64');
    } else {
      const value = environment[source.variable];
      if (value === undefined)
        throw new BuildError(`--secret id=${id}: there is no variable ${source.variable} here: set it, or name another`);
      data[id] = Buffer.from(value).toString('base64');
    }
  }
  return data;
}
