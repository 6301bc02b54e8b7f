// Admission: what a request may not do although its user may, and what it gets without asking. Plugins run in order, three
// times: `mutate` before validation, `validate` after it, and `reserve` when only what must be claimed in the same
// transaction is left. Writes to a status pass the first two, with `subresource` set to `status`. Between the server's own plugins
// and the quota stands what users configure: webhooks and policies, which may change what they like and take their time.
import { type FieldError, type KindDefinition, type KubeObject, StatusError } from '@berth/machinery';
import type { Write } from '@berth/store';
import { Refusal } from '../commit.ts';
import type { User } from '../types.ts';
import type { AdmissionRequest, DynamicRequest } from './admitted-request.ts';
import { shownToOthers } from './shown-request.ts';

export type { AdmissionRequest, DynamicRequest };

/** What users configure. */
export interface DynamicAdmission {
  readonly name: string;
  /** Whether nothing is configured, so that nothing needs to be made ready for it. */
  readonly isIdle: boolean;
}

/** What a pass over an object has led to. */
export interface Mutation {
  /** Whether something was changed: then all come once more. */
  isChanged: boolean;
  /** The same for those that want to see what came after them. */
  again(): Promise<void>;
}

export interface DynamicMutation extends DynamicAdmission {
  /** Changes `request.object` in place. @throws StatusError */
  mutate(request: DynamicRequest): Promise<Mutation>;
}

export interface DynamicValidation extends DynamicAdmission {
  /** @throws StatusError */
  validate(request: DynamicRequest): Promise<void>;
}

/** Each in Kubernetes' order. */
export interface DynamicPlugins {
  mutations: DynamicMutation[];
  validations: DynamicValidation[];
}

export interface AdmissionPlugin {
  readonly name: string;
  mutate?(request: AdmissionRequest): void | Promise<void>;
  /** Judges the object as it will be stored, and changes nothing. @throws StatusError */
  validate?(request: AdmissionRequest): void | Promise<void>;
  /** What is wrong with the object that its kind alone cannot know: answered together with what that finds. */
  fieldErrors?(request: AdmissionRequest): FieldError[] | Promise<FieldError[]>;
  /** Gives what the object gets from elsewhere, before it is validated as a whole. @throws StatusError when it is not to be had. */
  allocate?(request: AdmissionRequest): void | Promise<void>;
  /** Before a status is replaced. @throws StatusError when the user may not write that. */
  checkStatus?(request: AdmissionRequest): void | Promise<void>;
  /** @throws StatusError when something claimed is not to be had. */
  reserve?(request: AdmissionRequest): void | Promise<void>;
  /** @throws StatusError when the object may not be deleted. */
  checkDelete?(kind: KindDefinition, object: KubeObject, user: User): void;
  /** Before something is created that is not stored: a review, a binding, an eviction. @throws StatusError */
  admitUnstored?(request: DynamicRequest): void | Promise<void>;
  /** What an object that goes away gives back. */
  release?(kind: KindDefinition, object: KubeObject): Write[];
}

/** What plugins do one after the other. */
type Stage = 'mutate' | 'validate' | 'allocate' | 'checkStatus' | 'reserve';

export class Admission {
  readonly #plugins: AdmissionPlugin[];
  readonly #dynamic: DynamicPlugins;

  constructor(plugins: AdmissionPlugin[], dynamic: DynamicPlugins = { mutations: [], validations: [] }) {
    this.#plugins = plugins;
    this.#dynamic = dynamic;
  }

  /** Whether users have configured neither webhooks nor policies. */
  get isIdle(): boolean {
    const { mutations, validations } = this.#dynamic;
    return mutations.every(({ isIdle }) => isIdle) && validations.every(({ isIdle }) => isIdle);
  }

  async mutate(request: AdmissionRequest): Promise<void> {
    await this.#each('mutate', request);
    if (request.isAdmitted || this.#dynamic.mutations.every(({ isIdle }) => isIdle)) return;
    const shown = shownToOthers(request);
    const mutation = await this.#mutateDynamically(shown.request);
    shown.takeOver();
    if (!mutation.isChanged) return;
    // What the server adds may depend on what was changed.
    request.guards.length = 0;
    request.writes.length = 0;
    await this.#each('mutate', request);
    shown.refresh();
    await mutation.again();
    shown.takeOver();
  }

  /** Nothing for most requests, without waiting for it. */
  fieldErrors(request: AdmissionRequest): FieldError[] | Promise<FieldError[]> {
    const found = this.#plugins.map((plugin) => plugin.fieldErrors?.(request) ?? []);
    if (found.every((errors) => !(errors instanceof Promise))) return found.flat() as FieldError[];
    return Promise.all(found).then((lists) => lists.flat());
  }

  async #each(stage: Stage, request: AdmissionRequest): Promise<void> {
    for (const plugin of this.#plugins) {
      const pending = plugin[stage]?.(request);
      if (pending) await pending;
    }
  }

  async #mutateDynamically(request: DynamicRequest): Promise<Mutation> {
    const mutations: Mutation[] = [];
    for (const mutation of this.#dynamic.mutations) {
      if (!mutation.isIdle) mutations.push(await refusing(request, mutation.mutate(request)));
    }
    return {
      isChanged: mutations.some(({ isChanged }) => isChanged),
      again: async () => {
        for (const mutation of mutations) await refusing(request, mutation.again());
      },
    };
  }

  async validate(request: AdmissionRequest): Promise<void> {
    await this.#each('validate', request);
    if (request.isAdmitted || this.#dynamic.validations.every(({ isIdle }) => isIdle)) return;
    await this.#validateDynamically(shownToOthers({ ...request, isNameGenerated: false }).request);
  }

  async #validateDynamically(request: DynamicRequest): Promise<void> {
    for (const validation of this.#dynamic.validations) await refusing(request, validation.validate(request));
  }

  /**
   * A create of which nothing is stored.
   * @param check between those that may change it and those that may not. @throws StatusError
   */
  async admitUnstored(request: DynamicRequest, check: () => void = () => {}): Promise<void> {
    for (const plugin of this.#plugins) await plugin.admitUnstored?.(request);
    if (this.isIdle) check();
    else await this.#admit(request, check);
  }

  /**
   * What is no write of an object: a DELETE, a CONNECT. Undefined when nobody is to be asked.
   * @throws StatusError
   */
  admit(request: () => DynamicRequest): Promise<void> | undefined {
    return this.isIdle ? undefined : this.#admit(request());
  }

  async #admit(request: DynamicRequest, check?: () => void): Promise<void> {
    const mutation = await this.#mutateDynamically(request);
    if (mutation.isChanged) await mutation.again();
    check?.();
    await this.#validateDynamically(request);
  }

  allocate(request: AdmissionRequest): Promise<void> {
    return this.#each('allocate', request);
  }

  checkStatus(request: AdmissionRequest): Promise<void> {
    return this.#each('checkStatus', request);
  }

  reserve(request: AdmissionRequest): Promise<void> {
    return this.#each('reserve', request);
  }

  checkDelete(kind: KindDefinition, object: KubeObject, user: User): void {
    for (const plugin of this.#plugins) plugin.checkDelete?.(kind, object, user);
  }

  release(kind: KindDefinition, object: KubeObject): Write[] {
    return this.#plugins.flatMap((plugin) => plugin.release?.(kind, object) ?? []);
  }
}

function refusing<T>({ warnings }: DynamicRequest, asked: Promise<T>): Promise<T> {
  return asked.catch((error: unknown) => {
    throw error instanceof StatusError ? new Refusal(error, warnings) : error;
  });
}
