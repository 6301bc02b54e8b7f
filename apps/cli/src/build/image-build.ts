// One build from folder to image: a builder gets what has changed in the folder, builds and pushes, and says what the result is.
import { readFile } from 'node:fs/promises';
import { type Pod, SelfSubjectReview } from '@berth/api';
import type { HttpClient } from '@berth/client';
import { builderReplies, buildFailure, imageNameOf, imageText } from '@berth/controllers/image-build';
import { provideBuildAccess } from './build-access.ts';
import type { BuildSecret, BuildWish } from './build-options.ts';
import {
  type Builder,
  type BuilderPorts,
  type BuilderWish,
  endOf,
  endText,
  hasEnded,
  keptBuilder,
  ownBuilder,
  removePod,
  statusOf,
} from './builder.ts';
import { buildIn } from './builder-session.ts';
import { type BuildContext, buildContext, ContextError } from './context.ts';
import { builderImageName } from './provide-builder.ts';
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

/** What a failure is looked for in. */
const linesKept = 200;
const megabyte = 1024 * 1024;

/** @throws BuildError, ContextError, ImageNameError, RegistryError */
export async function buildImage(wish: BuildWish, ports: BuildPorts): Promise<BuildResult> {
  const { client, namespace, progress, signal } = ports;
  const [registry, context, secrets, user] = await Promise.all([
    ClusterRegistry.of(client),
    buildContext(wish.folder, wish.dockerfile),
    secretData(wish.secrets, ports.environment),
    userName(client),
  ]);
  const image = imageText(imageNameOf(wish.tag, { registry: registry.host, namespace }));
  const builderImage = await builderImageName({ registry, progress, signal });
  for (const path of context.skipped) progress(`${path} is no file, folder or link, and left out`);
  const { memory, cacheClaim, pushSecret, timeoutSeconds, keepSeconds } = wish;
  const provide = () =>
    Promise.all([
      builderImage.provide(),
      provideBuildAccess(client, namespace),
      cacheClaim === undefined ? undefined : provideCache(client, namespace, cacheClaim),
    ]);
  const asked: BuilderWish = {
    ...{ namespace, registry: registry.host, builderImage: builderImage.name, memory, cacheClaim, pushSecret, timeoutSeconds, keepSeconds },
  };
  const digest = await new ImageBuild({ wish, ports: { ...ports, provide }, image, context, asked, secrets }).inSome(user);
  return { image, digest, context: { files: context.entries.length, bytes: context.bytes } };
}

async function userName(client: HttpClient): Promise<string> {
  const body = { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview', metadata: { name: '' } };
  const { status } = await client.create(SelfSubjectReview, body as SelfSubjectReview);
  return status?.userInfo?.username ?? '';
}

interface BuildFacts {
  wish: BuildWish;
  ports: BuildPorts & BuilderPorts;
  /** In full, with its tag. */
  image: string;
  context: BuildContext;
  asked: BuilderWish;
  /** Base64 by identifier. */
  secrets: Record<string, string> | undefined;
}

/** Of a builder that could not take the build, or went away under it, through no fault of the build. */
class BuilderGone extends Error {}

class ImageBuild {
  readonly #facts: BuildFacts;
  #output: string[] = [];

  constructor(facts: BuildFacts) {
    this.#facts = facts;
  }

  /** In the builder of this user if it is free, else in one for this build. @returns the digest of what was pushed */
  async inSome(user: string): Promise<string> {
    const { asked, secrets, ports } = this.#facts;
    const hasSecrets = secrets !== undefined || asked.pushSecret !== undefined;
    if (!hasSecrets && asked.keepSeconds > 0) {
      try {
        return await this.#in(await keptBuilder(asked, user, ports));
      } catch (error) {
        if (!(error instanceof BuilderGone)) throw error;
        ports.progress(`${error.message}: building in another pod`);
      }
    }
    const builder = await ownBuilder(asked, secrets, ports);
    try {
      return await this.#in(builder);
    } finally {
      await removePod(ports.client, builder.pod);
    }
  }

  async #in({ pod, isKept }: Builder): Promise<string> {
    const { wish, ports, image, context, asked } = this.#facts;
    const { client, namespace, signal, progress } = ports;
    this.#output = [];
    const result = await buildIn({
      ...{ client, namespace, pod: pod.metadata.name, image, registry: asked.registry, dockerfile: context.dockerfile, context, signal },
      timeoutSeconds: wish.timeoutSeconds,
      settings: { ...wish, secretIds: wish.secrets.map(({ id }) => id) },
      line: (text) => this.#line(text),
      sending: (bytes) => progress(`sending ${(bytes / megabyte).toFixed(1)} of ${(context.bytes / megabyte).toFixed(1)} MB`),
    }).catch((error: unknown) => this.#broken(error, pod, isKept));
    if (result.exitCode === 0 && result.digest !== undefined) return result.digest;
    if (result.exitCode === builderReplies.busyCode) throw new BuilderGone('another build is in the builder');
    if (result.exitCode === builderReplies.timeoutCode) throw this.#tooLong();
    if (result.exitCode === builderReplies.killedCode) return this.#broken(new BuildError('the build was killed'), pod, isKept);
    throw this.#failed();
  }

  /** @throws what it was that broke the connection to the build */
  async #broken(error: unknown, pod: Pod, isKept: boolean): Promise<never> {
    const { wish, ports } = this.#facts;
    if (ports.signal.aborted) throw new BuildError('interrupted');
    if (error instanceof ContextError) throw error;
    const found = await endOf(ports.client, pod);
    if (found && statusOf(found)?.state?.terminated?.reason === 'OOMKilled') throw tooLarge(wish);
    if (found && !hasEnded(found)) throw error;
    const text = `the build's pod went away${found ? ` (${endText(found)})` : ''}`;
    throw isKept ? new BuilderGone(text) : new BuildError(text);
  }

  #line(text: string): void {
    this.#output.push(text);
    if (this.#output.length > linesKept) this.#output.shift();
    this.#facts.ports.line(text);
  }

  #tooLong(): BuildError {
    return new BuildError(`the build took longer than ${this.#facts.wish.timeoutSeconds} s: allow it more with --timeout`);
  }

  #failed(): BuildError {
    const { context, wish } = this.#facts;
    const output = this.#output.join('\n');
    if (/(?:signal: killed|Killed)$/m.test(output)) return tooLarge(wish);
    const { line, instruction, message, remedy } = buildFailure(output, context.dockerfileText);
    const where = line === undefined ? 'the build failed' : `${wish.dockerfile ?? 'Dockerfile'}:${line}: ${instruction}`;
    return new BuildError(`${where}: ${message}; ${remedy}`);
  }
}

function tooLarge({ memory }: BuildWish): BuildError {
  return new BuildError(`the build used more memory than ${memory}: allow it more with --memory`);
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
