// Pods carry the number of their priority class, so that nobody has to look it up again. What a client says the number is
// must agree with its class. A cluster has at most one class for pods that name none.
import type { Pod, PriorityClass } from '@berth/api';
import { StatusError } from '@berth/machinery';
import type { AdmissionPlugin, AdmissionRequest } from './admission.ts';
import { isAbout } from './request-predicates.ts';

export interface PriorityClasses {
  byName(name: string): Promise<PriorityClass | undefined>;
  all(): PriorityClass[];
}

export class Priority implements AdmissionPlugin {
  readonly name = 'Priority';
  readonly #classes: PriorityClasses;

  constructor(classes: PriorityClasses) {
    this.#classes = classes;
  }

  mutate(request: AdmissionRequest): Promise<void> | void {
    if (isAbout(request, '', 'Pod')) return this.#resolve(request);
  }

  async #resolve(request: AdmissionRequest): Promise<void> {
    const { spec } = request.object as Pod;
    if (request.operation === 'UPDATE') {
      const old = (request.old as Pod).spec;
      // Absent means unchanged: an older client may not know the fields.
      spec.priority ??= old.priority;
      spec.preemptionPolicy ??= old.preemptionPolicy;
      return;
    }
    const found = await this.#classOf(request, spec);
    if (found) spec.priorityClassName = found.metadata.name;
    const value = found?.value ?? 0;
    const policy = found?.preemptionPolicy ?? 'PreemptLowerPriority';
    const { priority = value, preemptionPolicy = policy } = spec;
    if (priority !== value) {
      refuse(
        request,
        `the integer value of priority (${priority}) must not be provided in pod spec; priority admission controller computed ${value} from the given PriorityClass name`,
      );
    }
    if (preemptionPolicy !== policy) {
      refuse(
        request,
        `the string value of PreemptionPolicy (${preemptionPolicy}) must not be provided in pod spec; priority admission controller computed ${policy} from the given PriorityClass name`,
      );
    }
    spec.priority = value;
    spec.preemptionPolicy = policy;
  }

  async #classOf(request: AdmissionRequest, spec: Pod['spec']): Promise<PriorityClass | undefined> {
    const { priorityClassName } = spec;
    // The least of them, when several claim to be the default.
    if (!priorityClassName) return this.#defaults().sort((a, b) => (a.value ?? 0) - (b.value ?? 0))[0];
    const found = await this.#classes.byName(priorityClassName);
    return found ?? refuse(request, `no PriorityClass with name ${priorityClassName} was found`);
  }

  #defaults(): PriorityClass[] {
    return this.#classes.all().filter(({ globalDefault }) => globalDefault);
  }

  validate(request: AdmissionRequest): void {
    if (!isAbout(request, 'scheduling.k8s.io', 'PriorityClass')) return;
    const { globalDefault, metadata } = request.object as PriorityClass;
    if (!globalDefault) return;
    const other = this.#defaults().find(({ metadata: { name } }) => name !== metadata.name);
    if (other) {
      refuse(request, `PriorityClass ${other.metadata.name} is already marked as default. Only one default can exist`);
    }
  }
}

function refuse(request: AdmissionRequest, detail: string): never {
  throw StatusError.forbidden(request.kind, request.refusedName ?? request.name, detail);
}
