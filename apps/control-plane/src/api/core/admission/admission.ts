// Admission: what a request may not do although its user may, and what it gets without asking. Plugins run in order, three
// times: `mutate` before validation, `validate` after it, and `reserve` when only what must be claimed in the same
// transaction is left. Writes to a status pass the first two, with `subresource` set to `status`.
import type { KindDefinition, KubeObject } from '@berth/machinery';
import type { Write } from '@berth/store';
import type { Guard, Known } from '../commit.ts';
import type { Annotated, User } from '../types.ts';

export interface AdmissionRequest {
  operation: 'CREATE' | 'UPDATE';
  /** Who asks; after impersonation. */
  user: User;
  kind: KindDefinition;
  namespace: string | undefined;
  name: string;
  /** Absent for the object itself. */
  subresource?: string | undefined;
  /** Changed in place. */
  object: KubeObject;
  /** The object before; frozen. */
  old: KubeObject | undefined;
  known: Known;
  /** Committed together with the object. */
  guards: Guard[];
  writes: Write[];
  /** Set by a plugin whose guards others change all the time: requests of the same turn wait for each other. */
  turn?: string;
  audit?: Annotated | undefined;
  /** One Warning header each, when the request succeeds. */
  warnings: string[];
}

export interface AdmissionPlugin {
  readonly name: string;
  mutate?(request: AdmissionRequest): void | Promise<void>;
  /** Judges the object as it will be stored, and changes nothing. @throws StatusError */
  validate?(request: AdmissionRequest): void | Promise<void>;
  /** Gives what the object gets from elsewhere, before it is validated as a whole. @throws StatusError when it is not to be had. */
  allocate?(request: AdmissionRequest): void | Promise<void>;
  /** Before a status is replaced. @throws StatusError when the user may not write that. */
  checkStatus?(request: AdmissionRequest): void | Promise<void>;
  /** @throws StatusError when something claimed is not to be had. */
  reserve?(request: AdmissionRequest): void | Promise<void>;
  /** @throws StatusError when the object may not be deleted. */
  checkDelete?(kind: KindDefinition, object: KubeObject, user: User): void;
  /** What an object that goes away gives back. */
  release?(kind: KindDefinition, object: KubeObject): Write[];
}

export class Admission {
  readonly #plugins: AdmissionPlugin[];

  constructor(plugins: AdmissionPlugin[]) {
    this.#plugins = plugins;
  }

  async mutate(request: AdmissionRequest): Promise<void> {
    for (const plugin of this.#plugins) {
      const pending = plugin.mutate?.(request);
      if (pending) await pending;
    }
  }

  async validate(request: AdmissionRequest): Promise<void> {
    for (const plugin of this.#plugins) {
      const pending = plugin.validate?.(request);
      if (pending) await pending;
    }
  }

  async allocate(request: AdmissionRequest): Promise<void> {
    for (const plugin of this.#plugins) {
      const pending = plugin.allocate?.(request);
      if (pending) await pending;
    }
  }

  async checkStatus(request: AdmissionRequest): Promise<void> {
    for (const plugin of this.#plugins) {
      const pending = plugin.checkStatus?.(request);
      if (pending) await pending;
    }
  }

  async reserve(request: AdmissionRequest): Promise<void> {
    for (const plugin of this.#plugins) {
      const pending = plugin.reserve?.(request);
      if (pending) await pending;
    }
  }

  checkDelete(kind: KindDefinition, object: KubeObject, user: User): void {
    for (const plugin of this.#plugins) plugin.checkDelete?.(kind, object, user);
  }

  release(kind: KindDefinition, object: KubeObject): Write[] {
    return this.#plugins.flatMap((plugin) => plugin.release?.(kind, object) ?? []);
  }
}
