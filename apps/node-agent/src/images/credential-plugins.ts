// Asks programs for credentials of an image, as the kubelet does: a CredentialProviderRequest on standard input, a response on standard
// output, which says for how long and for which images it holds. A program that fails leaves the image to be pulled without.
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import type { Clock, Logger } from '@berth/telemetry';
import { durationMs } from '../eviction/thresholds.ts';
import type { CredentialProvider } from './credential-provider-config.ts';
import { dockerEntries, Keyring, matchesImage, type PullCredential } from './keyring.ts';

const timeoutMs = 60_000;
const outputBytesMax = 1024 * 1024;
/** Answers that are kept for each program. */
const cachedMax = 1_000;

/** Runs a program. @returns its standard output @throws Error with its standard error */
export type RunPlugin = (file: string, args: string[], env: Record<string, string>, input: string) => Promise<string>;

export interface CredentialPluginsDeps {
  providers: CredentialProvider[];
  /** Where their programs are. */
  directory: string;
  run?: RunPlugin;
  clock: Clock;
  logger: Logger;
}

interface Answer {
  keyring: Keyring;
  cacheKey: string;
  cacheMs: number;
}

interface Plugin {
  provider: CredentialProvider;
  cached: Map<string, { keyring: Keyring; untilMs: number }>;
  /** By image. */
  asking: Map<string, Promise<Keyring>>;
}

export class CredentialPlugins {
  readonly #deps: CredentialPluginsDeps;
  readonly #plugins: Plugin[];

  constructor(deps: CredentialPluginsDeps) {
    this.#deps = deps;
    this.#plugins = deps.providers.map((provider) => ({ provider, cached: new Map(), asking: new Map() }));
  }

  /** @param repository with its domain, without tag or digest */
  async lookup(repository: string): Promise<PullCredential[]> {
    const asked = this.#plugins.filter(({ provider }) => provider.matchImages.some((pattern) => matchesImage(pattern, repository)));
    const keyrings = await Promise.all(asked.map((plugin) => this.#ask(plugin, repository)));
    return keyrings.flatMap((keyring) => keyring.lookup(repository));
  }

  async #ask(plugin: Plugin, image: string): Promise<Keyring> {
    const nowMs = this.#deps.clock.monotonicMs();
    for (const key of [`Image ${image}`, `Registry ${registryOf(image)}`, 'Global']) {
      const cached = plugin.cached.get(key);
      if (cached && nowMs < cached.untilMs) return cached.keyring;
    }
    const asking = plugin.asking.get(image) ?? this.#run(plugin, image).finally(() => plugin.asking.delete(image));
    plugin.asking.set(image, asking);
    return asking;
  }

  async #run({ provider, cached }: Plugin, image: string): Promise<Keyring> {
    const { directory, run = runProgram, clock, logger } = this.#deps;
    const request = JSON.stringify({ kind: 'CredentialProviderRequest', apiVersion: provider.apiVersion, image });
    try {
      const output = await run(join(directory, provider.name), provider.args, provider.env, request);
      const { keyring, cacheKey, cacheMs } = answerOf(output, provider, image);
      if (cacheMs > 0) keep(cached, cacheKey, { keyring, untilMs: clock.monotonicMs() + cacheMs }, clock.monotonicMs());
      return keyring;
    } catch (error) {
      logger.warn('a credential provider gave no credentials', { provider: provider.name, image, error });
      return new Keyring();
    }
  }
}

function keep(cached: Plugin['cached'], key: string, entry: { keyring: Keyring; untilMs: number }, nowMs: number): void {
  for (const [known, { untilMs }] of cached) if (untilMs <= nowMs) cached.delete(known);
  const [oldest] = cached.keys();
  if (cached.size >= cachedMax && oldest !== undefined) cached.delete(oldest);
  cached.set(key, entry);
}

/** @throws Error that shows nothing of the output, which may hold credentials */
function answerOf(output: string, provider: CredentialProvider, image: string): Answer {
  let response: { kind?: unknown; apiVersion?: unknown; cacheKeyType?: unknown; cacheDuration?: unknown; auth?: unknown };
  try {
    response = JSON.parse(output) as typeof response;
  } catch {
    throw new Error('its output is no JSON');
  }
  const { kind, apiVersion, cacheKeyType, cacheDuration, auth } = response;
  if (kind !== 'CredentialProviderResponse') throw new Error('its output is no CredentialProviderResponse');
  if (apiVersion !== provider.apiVersion)
    throw new Error(`the apiVersion of its output is not that of the request, ${provider.apiVersion}`);
  const keys: Record<string, string> = { Image: `Image ${image}`, Registry: `Registry ${registryOf(image)}`, Global: 'Global' };
  const cacheKey = keys[String(cacheKeyType)];
  if (cacheKey === undefined) throw new Error('the cacheKeyType of its output is not Image, Registry or Global');
  const keyring = new Keyring();
  keyring.add(dockerEntries(auth ?? {}, 'auth of its output'));
  const cacheMs = typeof cacheDuration === 'string' ? durationMs(cacheDuration) : provider.defaultCacheMs;
  return { keyring, cacheKey, cacheMs };
}

function registryOf(image: string): string {
  return image.split('/')[0] ?? '';
}

const runProgram: RunPlugin = (file, args, env, input) =>
  new Promise((resolve, reject) => {
    const options = { timeout: timeoutMs, killSignal: 'SIGKILL', maxBuffer: outputBytesMax, env: { ...process.env, ...env } } as const;
    const child = execFile(file, args, options, (error, stdout, stderr) => {
      if (!error) resolve(stdout);
      else if (error.killed) reject(new Error(`it did not end within ${timeoutMs / 1000} s`));
      else reject(new Error(stderr.trim() || `it ended with ${error.code ?? error.signal}`));
    });
    // A program that does not read its input says what it has to say all the same.
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(input);
  });
