// Follows the definitions of custom resources: gives them their status, serves their kinds while they are there, and empties them
// before they go. One definition is looked at at a time, as its names may be another's.
import {
  type CustomKindOptions,
  CustomResourceDefinition,
  cleanupFinalizer,
  establishedKinds,
  kindsVersion,
  withConditions,
} from '@berth/api';
import { type Client, Informer } from '@berth/client';
import { backOffMs } from '@berth/controller';
import { deepEqual, isReason, type KindDefinition } from '@berth/machinery';
import { type Logger, type Timer, timestamp } from '@berth/telemetry';
import type { KindsByName } from '../kinds-by-name.ts';
import type { WatchCache } from '../watch-cache.ts';
import { type ConversionPorts, conversionWebhook } from './conversion-webhook.ts';
import { accepted, conditionOf, definitionStatus } from './definition-status.ts';
import { InstanceRemoval } from './instance-removal.ts';
import { NamesInUse } from './names-in-use.ts';
import { compileRules } from './rules.ts';

export interface CustomResourcesOptions extends ConversionPorts {
  cache: WatchCache;
  kinds: KindsByName;
  client: Client;
  logger: Logger;
}

/** What of a definition is served. */
interface Installed {
  stored: KindDefinition;
  served: KindDefinition[];
  /** Of what it was made: unchanged, it stays. */
  version: string;
}

export class CustomResources {
  readonly #options: CustomResourcesOptions & CustomKindOptions;
  readonly #informer: Informer<CustomResourceDefinition>;
  readonly #installed = new Map<string, Installed>();
  readonly #removals = new Map<string, InstanceRemoval>();
  readonly #waiting = new Set<string>();
  /** Of definitions that could not be seen to, until they are. */
  readonly #failures = new Map<string, { count: number; again: Timer }>();
  readonly #stopping = new AbortController();
  readonly #names = new NamesInUse();
  #running: Promise<void> | undefined;

  constructor(options: CustomResourcesOptions) {
    this.#options = { ...options, compileRules, converter: (definition) => conversionWebhook(definition, options) };
    this.#informer = new Informer(options, CustomResourceDefinition);
    this.#informer.onChange((type, definition) => {
      const { metadata, spec } = definition;
      this.#names.hold(metadata.name, spec.group, type === 'DELETED' ? undefined : accepted(definition));
      this.#enqueue(metadata.name);
      // The names that it held may be what others wait for.
      if (type === 'DELETED') for (const other of this.#informer.list()) this.#enqueue(other.metadata.name);
    });
  }

  /** Resolves once all kinds are served that were before. */
  async start(): Promise<void> {
    // No definition is called as they are here.
    for (const kind of this.#options.kinds.all) this.#names.hold(`${kind.version}/${kind.plural}/${kind.group}`, kind.group, kind);
    this.#informer.start();
    await this.#informer.synced;
    await this.#running;
  }

  async stop(): Promise<void> {
    this.#stopping.abort(new Error('the server is stopping'));
    this.#informer.stop();
    for (const removal of this.#removals.values()) removal.stop();
    for (const { again } of this.#failures.values()) again.cancel();
    await this.#running;
  }

  #enqueue(name: string): void {
    this.#waiting.add(name);
    this.#running ??= this.#work().finally(() => {
      this.#running = undefined;
      const [next] = this.#waiting;
      if (next !== undefined && !this.#stopping.signal.aborted) this.#enqueue(next);
    });
  }

  async #work(): Promise<void> {
    for (const name of this.#waiting) {
      if (this.#stopping.signal.aborted) return;
      this.#waiting.delete(name);
      await this.#look(name).then(
        () => this.#succeeded(name),
        (error: unknown) => this.#failed(name, error),
      );
    }
  }

  /** What has begun to empty it may fail still. */
  #succeeded(name: string): void {
    if (this.#removals.has(name)) return;
    this.#failures.get(name)?.again.cancel();
    this.#failures.delete(name);
  }

  #failed(name: string, error: unknown): void {
    if (this.#stopping.signal.aborted) return;
    const { clock, logger, random } = this.#options;
    // Somebody else was faster; the change that it made is looked at next.
    const isExpected = isReason(error, 'Conflict') || isReason(error, 'NotFound');
    if (!isExpected) logger.warn('a definition of custom resources could not be seen to; trying again', { name, error });
    const former = this.#failures.get(name);
    former?.again.cancel();
    const count = (former?.count ?? 0) + 1;
    this.#failures.set(name, { count, again: clock.after(backOffMs(count, random), () => this.#enqueue(name)) });
  }

  async #look(name: string): Promise<void> {
    const definition = this.#informer.get(name);
    if (!definition) return this.#uninstall(name);
    if (definition.metadata.deletionTimestamp) return this.#empty(definition);
    const { client, clock } = this.#options;
    const status = definitionStatus(definition, this.#names, timestamp(clock));
    // It is served before it is said to be.
    await this.#install({ ...definition, status });
    if (!deepEqual(status, definition.status)) await client.updateStatus(CustomResourceDefinition, { ...definition, status });
  }

  async #install(definition: CustomResourceDefinition): Promise<void> {
    const { cache, kinds } = this.#options;
    const { name } = definition.metadata;
    const version = kindsVersion(definition);
    const former = this.#installed.get(name);
    const established = former?.version === version ? undefined : establishedKinds(definition, this.#options);
    if (!established) return;
    const { stored, served } = established;
    await cache.add(stored);
    if (former && former.stored.plural !== stored.plural) cache.remove(former.stored);
    kinds.replace(former?.served ?? [], served);
    this.#installed.set(name, { stored, served, version });
  }

  #uninstall(name: string): void {
    const installed = this.#installed.get(name);
    if (!installed) return;
    this.#options.kinds.replace(installed.served, []);
    this.#options.cache.remove(installed.stored);
    this.#installed.delete(name);
  }

  /** Nothing more is made of it, and what there is goes; then it may go itself. */
  async #empty(definition: CustomResourceDefinition): Promise<void> {
    const { name, finalizers = [] } = definition.metadata;
    if (!finalizers.includes(cleanupFinalizer) || this.#removals.has(name)) return;
    const { client } = this.#options;
    await this.#install(definition);
    const removal = new InstanceRemoval(client, this.#installed.get(name)?.stored);
    this.#removals.set(name, removal);
    void removal.done
      .then(() => this.#release(name))
      .finally(() => this.#removals.delete(name))
      .then(
        () => this.#succeeded(name),
        (error: unknown) => this.#failed(name, error),
      );
  }

  async #release(name: string): Promise<void> {
    const definition = this.#informer.get(name);
    if (!definition || this.#stopping.signal.aborted) return;
    const { client, clock } = this.#options;
    const isServed = conditionOf(definition, 'Established')?.status === 'True';
    const said = isServed
      ? { reason: 'InstanceDeletionCompleted', message: 'removed all instances' }
      : { reason: 'NeverEstablished', message: 'resource was never established' };
    const conditions = withConditions(definition, [{ type: 'Terminating', status: 'False', ...said }], timestamp(clock));
    const finalizers = (definition.metadata.finalizers ?? []).filter((finalizer) => finalizer !== cleanupFinalizer);
    const metadata = { ...definition.metadata, finalizers };
    await client.updateStatus(CustomResourceDefinition, { ...definition, metadata, status: { ...definition.status, conditions } });
  }
}
