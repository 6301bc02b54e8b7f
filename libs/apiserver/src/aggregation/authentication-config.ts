// Keeps what servers that extend the API read about whom to believe: whoever removes or changes it finds it restored, and what another
// control plane of the cluster has written there stays beside it.
import { ConfigMap } from '@berth/api';
import { Informer, type InformerDeps } from '@berth/client';
import { WorkQueue } from '@berth/controller';
import { deepEqual, isReason } from '@berth/machinery';
import { authenticationConfigMapName } from '../core/authorization/namespaced-roles.ts';

const namespace = 'kube-system';
const name = authenticationConfigMapName;
const key = `${namespace}/${name}`;

export interface AuthenticationConfigOptions extends InformerDeps {
  /** What this server has to say: certificates in PEM, and lists in JSON. */
  data: Record<string, string>;
}

export class AuthenticationConfig {
  readonly #options: AuthenticationConfigOptions;
  readonly #informer: Informer<ConfigMap>;
  readonly #queue: WorkQueue;
  #running: Promise<void> | undefined;
  #stopped = false;

  constructor(options: AuthenticationConfigOptions) {
    this.#options = options;
    this.#queue = new WorkQueue({ clock: options.clock, random: options.random }, () => this.#run());
    this.#informer = new Informer(options, ConfigMap, { namespace, fieldSelector: `metadata.name=${name}` });
  }

  /** Resolves when it is known what is there. */
  async start(): Promise<void> {
    this.#informer.start();
    await this.#informer.synced;
    this.#informer.onChange(() => this.#queue.add(key));
    this.#queue.add(key);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#queue.close();
    this.#informer.stop();
    await this.#running;
  }

  #run(): void {
    this.#running ??= this.#work().finally(() => {
      this.#running = undefined;
      if (this.#queue.length > 0 && !this.#stopped) this.#run();
    });
  }

  async #work(): Promise<void> {
    while (!this.#stopped && this.#queue.take() !== undefined) {
      const isDone = await this.#settle().then(
        () => true,
        (error: unknown) => {
          const isExpected = isReason(error, 'AlreadyExists') || isReason(error, 'NotFound') || isReason(error, 'Conflict');
          if (!isExpected && !this.#stopped) this.#options.logger.warn(`${key} could not be restored; trying again`, { error });
          return false;
        },
      );
      if (!this.#stopped) this.#queue.done(key, isDone);
    }
  }

  async #settle(): Promise<void> {
    const { client, data: own } = this.#options;
    const present = this.#informer.get(key);
    if (!present) {
      await client.create(ConfigMap, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { namespace, name }, data: own });
      return;
    }
    const data = { ...present.data, ...joined(present.data ?? {}, own) };
    if (deepEqual(data, present.data)) return;
    await client.update(ConfigMap, { ...present, data });
  }
}

function joined(present: Record<string, string>, own: Record<string, string>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(own).map(([field, value]) => [field, value.startsWith('[') ? list(present[field], value) : pem(present[field], value)]),
  );
}

function pem(present = '', own: string): string {
  if (present.includes(own.trim())) return present;
  return present.includes('BEGIN CERTIFICATE') ? `${present.trimEnd()}\n${own}` : own;
}

function list(present = '', own: string): string {
  try {
    const found: unknown = JSON.parse(present);
    if (!Array.isArray(found)) return own;
    const missing = (JSON.parse(own) as string[]).filter((item) => !found.includes(item));
    return missing.length === 0 ? present : JSON.stringify([...found, ...missing]);
  } catch {
    // What is no JSON says nothing that could stay.
    return own;
  }
}
