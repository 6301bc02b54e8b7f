// Runs controllers: informers feed work queues, workers observe, plan and act. A key is planned again only after the
// informers have seen what its last plan wrote, so that no plan is made on a view that lacks its own writes.
import type { Client, EventRecorder, InformerSet } from '@berth/client';
import { isReason, type KindDefinition, type KubeObject, type ObjectKey, StatusError } from '@berth/machinery';
import type { Clock, Logger, Random } from '@berth/telemetry';
import type { Action, Controller, ControllerWatch, EventDraft } from './controller.ts';
import { DeclaredCaches, undeclaredWrite } from './declarations.ts';
import { type QueueMetrics, type QueueState, WorkQueue } from './work-queue.ts';

const workersPerController = 8;
/** Creations under way for one key. */
const slowStartBatchMax = 64;
const emptyAgainMs = 1000;
/** Of deletions under way for one key. */
const deletionPage = 100;

export interface RunnerDeps {
  client: Client;
  informers: InformerSet;
  events: EventRecorder;
  clock: Clock;
  random: Random;
  logger: Logger;
  /** Counts a controller's queue, by the controller's name. */
  queueMetrics?: ((name: string, queue: QueueState) => QueueMetrics) | undefined;
}

export class ControllerRunner {
  readonly #deps: RunnerDeps;
  readonly #loops: ControllerLoop[];

  /** @throws RangeError when two controllers declare the same field as theirs */
  constructor(deps: RunnerDeps, controllers: Controller[]) {
    const owners = new Map<string, string>();
    for (const controller of controllers) {
      for (const field of controller.owns) {
        const other = owners.get(field);
        if (other) throw new RangeError(`${controller.name} and ${other} both declare ${field} as theirs`);
        owners.set(field, controller.name);
      }
    }
    this.#deps = deps;
    this.#loops = controllers.map((controller) => new ControllerLoop(deps, controller));
  }

  async start(): Promise<void> {
    for (const loop of this.#loops) loop.subscribe();
    await this.#deps.informers.start();
    for (const loop of this.#loops) loop.begin();
  }

  /** Resolves when no action is under way any more. */
  async stop(): Promise<void> {
    await Promise.all(this.#loops.map((loop) => loop.stop()));
    this.#deps.informers.stop();
  }
}

class ControllerLoop {
  readonly #deps: RunnerDeps;
  readonly #controller: Controller;
  readonly #caches: DeclaredCaches;
  readonly #logger: Logger;
  readonly #queue: WorkQueue;
  readonly #running = new Set<Promise<void>>();
  #begun = false;
  #stopped = false;

  constructor(deps: RunnerDeps, controller: Controller) {
    this.#deps = deps;
    this.#controller = controller;
    this.#caches = new DeclaredCaches(controller, deps.informers);
    this.#logger = deps.logger.with({ controller: controller.name });
    const { clock, random, queueMetrics } = deps;
    const ofQueue = queueMetrics && ((queue: QueueState) => queueMetrics(controller.name, queue));
    this.#queue = new WorkQueue({ clock, random, queueMetrics: ofQueue }, () => this.#fill());
  }

  subscribe(): void {
    this.#controller.prepare?.(this.#caches);
    for (const kind of this.#controller.reads ?? []) this.#deps.informers.of(kind);
    for (const watch of this.#controller.watches) this.#watch(watch);
    const { watchesCustom } = this.#controller;
    if (!watchesCustom) return;
    this.#deps.informers.followCustom((kind) => {
      this.#caches.add(kind);
      this.#watch(watchesCustom(kind, this.#caches));
    });
  }

  #watch(watch: ControllerWatch): void {
    this.#deps.informers.of(watch.kind).onChange((type, object, old) => {
      const isChange = type === 'MODIFIED' && old !== undefined;
      const keys = new Set([
        ...watch.enqueue(object, this.#caches, isChange ? old : undefined),
        ...(old ? watch.enqueue(old, this.#caches, isChange ? object : undefined) : []),
      ]);
      for (const key of keys) this.#queue.add(key);
    });
  }

  begin(): void {
    this.#begun = true;
    this.#fill();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#queue.close();
    await Promise.all(this.#running);
  }

  #fill(): void {
    while (this.#begun && !this.#stopped && this.#running.size < workersPerController) {
      const key = this.#queue.take();
      if (key === undefined) return;
      const work: Promise<void> = this.#work(key).finally(() => {
        this.#running.delete(work);
        this.#fill();
      });
      this.#running.add(work);
    }
  }

  async #work(key: string): Promise<void> {
    let succeeded = true;
    try {
      const observed = this.#controller.observe(key, this.#caches);
      const actions = observed === undefined ? [] : this.#controller.plan(observed, this.#deps.clock.now());
      await this.#actAll(key, actions);
    } catch (error) {
      succeeded = false;
      // A conflict or a vanished object only says that the view was old.
      const expected = isReason(error, 'Conflict') || isReason(error, 'NotFound') || isReason(error, 'AlreadyExists');
      this.#logger[expected ? 'debug' : 'warn']('a plan could not be carried out; trying again', { key, error });
    }
    this.#queue.done(key, succeeded);
  }

  async #act(key: string, action: Action): Promise<void> {
    const { client } = this.#deps;
    switch (action.type) {
      case 'create':
        return this.#told(action, async () => client.create(action.kind, action.object));
      case 'update':
        return this.#seen(
          action.kind,
          await client.update(action.kind, action.object, action.subresource ? { subresource: action.subresource } : {}),
        );
      case 'updateStatus':
        return this.#seen(action.kind, await client.updateStatus(action.kind, action.object));
      case 'patch':
        return this.#seen(action.kind, await this.#patch(action));
      case 'delete':
        return this.#told(action, async () =>
          client
            .delete(action.kind, action.key, {
              preconditions: { uid: action.uid },
              ...(action.gracePeriodSeconds !== undefined && { gracePeriodSeconds: action.gracePeriodSeconds }),
              ...(action.propagationPolicy && { propagationPolicy: action.propagationPolicy }),
            })
            .catch((error: unknown) => {
              // Somebody else was faster; what was wanted holds.
              if (isReason(error, 'NotFound')) return undefined;
              throw error;
            }),
        );
      case 'deleteAll':
        return this.#deleteAll(action);
      case 'createSubresource':
        await client.createSubresource(action.kind, action.key, action.subresource, action.body);
        return;
      case 'event':
        this.#deps.events.record(action.event.about, action.event.eventType, action.event.reason, action.event.message);
        return;
      case 'slowStart':
        return this.#slowStart(key, action);
      case 'independently':
        return this.#independently(key, action);
      case 'ifEmpty':
        if (await this.#isEmpty(action.kinds, action.namespace)) return this.#actAll(key, action.actions);
        this.#queue.addAfter(key, emptyAgainMs);
        return;
      case 'ifAbsent':
        return this.#actAll(key, (await this.#isAbsent(action)) ? action.actions : (action.otherwise ?? []));
      case 'ifUnchanged':
        if (await this.#isUnchanged(action)) return this.#actAll(key, action.actions);
        return;
      default:
        this.#queue.addAfter(key, action.afterMs);
    }
  }

  #patch({ kind, key, patchType, patch, subresource, force }: Action & { type: 'patch' }): Promise<KubeObject> {
    return this.#deps.client.patch(kind, key, patchType, patch, {
      ...(subresource && { subresource }),
      ...(patchType === 'apply' && { fieldManager: this.#controller.name }),
      ...(force && { force }),
    });
  }

  /** @throws RangeError before anything is written, when one of them writes what the controller does not declare */
  async #actAll(key: string, actions: Action[]): Promise<void> {
    const { name, writes } = this.#controller;
    for (const action of actions) {
      const undeclared = undeclaredWrite(writes, action);
      if (undeclared) throw new RangeError(`${name} writes ${undeclared}, which it does not declare: add it to its writes`);
    }
    for (const action of actions) await this.#act(key, action);
  }

  async #slowStart(key: string, { actions, recover }: Action & { type: 'slowStart' }): Promise<void> {
    for (let from = 0, size = 1; from < actions.length; from += size, size = Math.min(size * 2, slowStartBatchMax)) {
      const batch = actions.slice(from, from + size);
      const results = await Promise.allSettled(batch.map((action) => this.#act(key, action)));
      const failure = results.find((result) => result.status === 'rejected');
      if (!failure) continue;
      if (recover && failure.reason instanceof StatusError) await this.#actAll(key, recover(failure.reason));
      throw failure.reason;
    }
  }

  /** @throws what went wrong first */
  async #independently(key: string, { groups }: Action & { type: 'independently' }): Promise<void> {
    const errors: unknown[] = [];
    for (const actions of groups) await this.#actAll(key, actions).catch((error: unknown) => errors.push(error));
    if (errors.length > 0) throw errors[0];
  }

  async #deleteAll({ kind, namespace }: Action & { type: 'deleteAll' }): Promise<void> {
    let pageToken: string | undefined;
    do {
      const page = await this.#deps.client.list(kind, { namespace, limit: deletionPage, ...(pageToken && { continue: pageToken }) });
      await Promise.all(page.items.map(({ metadata }) => this.#deleteIfThere(kind, metadata)));
      pageToken = page.continue;
    } while (pageToken);
  }

  async #deleteIfThere(kind: KindDefinition, key: ObjectKey): Promise<void> {
    try {
      await this.#deps.client.delete(kind, key);
    } catch (error) {
      if (!isReason(error, 'NotFound')) throw error;
    }
  }

  async #isEmpty(kinds: KindDefinition[], namespace: string): Promise<boolean> {
    for (const kind of kinds) {
      const { items } = await this.#deps.client.list(kind, { namespace, limit: 1 });
      if (items.length > 0) return false;
    }
    return true;
  }

  async #isUnchanged({ kind, object }: Action & { type: 'ifUnchanged' }): Promise<boolean> {
    try {
      const { metadata } = await this.#deps.client.get(kind, object.metadata);
      return metadata.uid === object.metadata.uid && metadata.resourceVersion === object.metadata.resourceVersion;
    } catch (error) {
      if (isReason(error, 'NotFound')) return false;
      throw error;
    }
  }

  async #isAbsent({ kind, key, uid }: Action & { type: 'ifAbsent' }): Promise<boolean> {
    try {
      const found = await this.#deps.client.get(kind, key);
      return uid !== undefined && found.metadata.uid !== uid;
    } catch (error) {
      if (isReason(error, 'NotFound')) return true;
      throw error;
    }
  }

  async #told(
    action: { kind: KindDefinition; onSuccess?: EventDraft; onFailure?: EventDraft },
    write: () => Promise<KubeObject | undefined>,
  ): Promise<void> {
    try {
      const written = await write();
      if (action.onSuccess) this.#record(action.onSuccess, { name: written?.metadata.name ?? '' });
      if (written) await this.#seen(action.kind, written);
    } catch (error) {
      if (action.onFailure && error instanceof StatusError) this.#record(action.onFailure, { error: error.message });
      throw error;
    }
  }

  #record(draft: EventDraft, values: { name?: string; error?: string }): void {
    const message = draft.message.replaceAll('{name}', values.name ?? '').replaceAll('{error}', values.error ?? '');
    this.#deps.events.record(draft.about, draft.eventType, draft.reason, message);
  }

  async #seen(kind: KindDefinition, written: KubeObject): Promise<void> {
    if (this.#stopped || !written.metadata.resourceVersion) return;
    await this.#deps.informers.of(kind).reached(written.metadata.resourceVersion);
  }
}
