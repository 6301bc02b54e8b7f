// An APIService for every group version that this server answers for itself: those of Berth are made when it starts, those of custom
// resources come and go with them. What people change or remove of the first stays so until the next start, as in Kubernetes.
import { APIService } from '@berth/api';
import type { Client, InformerDeps } from '@berth/client';
import { SlowReconciler } from '@berth/controller';
import { deepEqual, isReason, type KindDefinition } from '@berth/machinery';
import type { ApiServiceTable } from './api-service-table.ts';
import { registrationGroup } from './api-service-table.ts';
import { builtInPriority, customPriority, type Priority } from './group-priorities.ts';

export const managedLabel = 'kube-aggregator.kubernetes.io/automanaged';
const onStart = 'onstart';
const always = 'true';

export interface LocalApiServicesOptions extends InformerDeps {
  client: Client;
  table: ApiServiceTable;
  /** Of Berth itself. */
  builtIn: readonly KindDefinition[];
  /** All that are served now. */
  served(): readonly KindDefinition[];
}

export class LocalApiServices {
  readonly #options: LocalApiServicesOptions;
  readonly #reconciler: SlowReconciler;
  readonly #builtIn: Map<string, APIService>;
  /** APIServices that were there when this server started. */
  readonly #atStart = new Set<string>();
  /** Those that have been as they should be once. */
  readonly #settled = new Set<string>();
  #custom = new Map<string, APIService>();

  constructor(options: LocalApiServicesOptions) {
    this.#options = options;
    this.#reconciler = new SlowReconciler({ ...options, what: 'an APIService', look: (name) => this.#look(name) });
    this.#builtIn = wanted(options.builtIn, onStart, builtInPriority);
  }

  /** After the table knows all that there is. */
  start(): void {
    const { table } = this.#options;
    for (const { metadata } of table.list()) this.#atStart.add(metadata.name);
    table.onChange((name) => this.#reconciler.add(name));
    for (const name of [...this.#builtIn.keys(), ...this.#atStart]) this.#reconciler.add(name);
    this.kindsChanged();
  }

  /** To be called when kinds come or go. */
  kindsChanged(): void {
    const former = this.#custom;
    const { builtIn, served } = this.#options;
    const own = new Set(builtIn.map(({ group }) => group));
    // A definition may add kinds to a group of Berth, but the group version is Berth's.
    const custom = served().filter((kind) => !own.has(kind.group) || !builtIn.some((other) => isSameVersion(other, kind)));
    this.#custom = wanted(custom, always, () => customPriority);
    for (const name of new Set([...former.keys(), ...this.#custom.keys()])) {
      if (former.has(name) !== this.#custom.has(name)) this.#reconciler.add(name);
    }
  }

  stop(): Promise<void> {
    return this.#reconciler.stop();
  }

  async #look(name: string): Promise<void> {
    await this.#settle(name);
    this.#settled.add(name);
  }

  /** Kubernetes' table of cases: what is made once, what is kept, and what is nobody's business but its maker's. */
  async #settle(name: string): Promise<void> {
    const { client, table } = this.#options;
    const desired = this.#builtIn.get(name) ?? this.#custom.get(name);
    const present = table.get(name);
    const isSettled = this.#settled.has(name);
    if (desired?.metadata.labels?.[managedLabel] === onStart && isSettled) return;
    if (!present) {
      if (desired) await unlessPassed(client.create(APIService, desired), 'AlreadyExists');
      return;
    }
    const managed = present.metadata.labels?.[managedLabel];
    if (managed !== always && managed !== onStart) return;
    if (managed === onStart && (!this.#atStart.has(name) || isSettled)) return;
    if (!desired) {
      await unlessPassed(
        client.delete(APIService, { name }, { preconditions: { uid: present.metadata.uid ?? '' } }),
        'NotFound',
        'Conflict',
      );
      return;
    }
    if (deepEqual(present.spec, desired.spec)) return;
    await unlessPassed(client.update(APIService, { ...present, spec: desired.spec }), 'NotFound', 'Conflict');
  }
}

/** Whoever was faster causes a change, which is looked at next. */
async function unlessPassed(write: Promise<unknown>, ...reasons: Parameters<typeof isReason>[1][]): Promise<void> {
  await write.catch((error: unknown) => {
    if (!reasons.some((reason) => isReason(error, reason))) throw error;
  });
}

function isSameVersion(one: KindDefinition, other: KindDefinition): boolean {
  return one.group === other.group && one.version === other.version;
}

function wanted(
  kinds: readonly KindDefinition[],
  managed: string,
  priorityOf: (group: string, version: string) => Priority | undefined,
): Map<string, APIService> {
  const services = new Map<string, APIService>();
  for (const { group, version } of kinds) {
    const name = `${version}.${group}`;
    const priority = group === registrationGroup ? undefined : priorityOf(group, version);
    if (!priority || services.has(name)) continue;
    services.set(name, {
      apiVersion: 'apiregistration.k8s.io/v1',
      kind: 'APIService',
      metadata: { name, labels: { [managedLabel]: managed } },
      spec: {
        ...(group !== '' && { group }),
        version,
        groupPriorityMinimum: priority.group,
        versionPriority: priority.version,
      },
    });
  }
  return services;
}
