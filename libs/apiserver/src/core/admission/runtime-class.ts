// A pod with a runtime class costs what that class says on top, and goes where that class can run.
import type { Pod, RuntimeClass as RuntimeClassObject } from '@berth/api';
import { deepEqual, parseQuantity, StatusError, wasGivenEmpty } from '@berth/machinery';
import type { AdmissionPlugin, AdmissionRequest } from './admission.ts';
import { creates } from './request-predicates.ts';

export class RuntimeClass implements AdmissionPlugin {
  readonly name = 'RuntimeClass';
  readonly #byName: (name: string) => Promise<RuntimeClassObject | undefined>;

  constructor(byName: (name: string) => Promise<RuntimeClassObject | undefined>) {
    this.#byName = byName;
  }

  mutate(request: AdmissionRequest): Promise<void> | void {
    const { runtimeClassName } = creates(request, '', 'Pod') ? (request.object as Pod).spec : {};
    if (runtimeClassName) return this.#resolve(request, runtimeClassName);
  }

  async #resolve(request: AdmissionRequest, name: string): Promise<void> {
    const { spec } = request.object as Pod;
    const found = await this.#classNamed(request, name);
    applyOverhead(request, spec, found);
    applyScheduling(request, spec, found);
  }

  /** Others may have changed the pod since, and it is valid now. */
  validate(request: AdmissionRequest): Promise<void> | void {
    if (!creates(request, '', 'Pod')) return;
    const { spec } = request.object as Pod;
    if (spec.runtimeClassName) return this.#check(request, spec, spec.runtimeClassName);
    refuseOwnOverhead(request, spec);
  }

  async #check(request: AdmissionRequest, spec: Pod['spec'], name: string): Promise<void> {
    const { overhead } = await this.#classNamed(request, name);
    if (!overhead) refuseOwnOverhead(request, spec);
    else if (!sameAmounts(spec.overhead ?? {}, overhead.podFixed ?? {})) refuse(request, anotherOverhead);
  }

  async #classNamed(request: AdmissionRequest, name: string): Promise<RuntimeClassObject> {
    return (await this.#byName(name)) ?? refuse(request, `pod rejected: RuntimeClass ${JSON.stringify(name)} not found`);
  }
}

const anotherOverhead = "pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead";

/** An empty one is one. */
function refuseOwnOverhead(request: AdmissionRequest, spec: Pod['spec']): void {
  if (spec.overhead || wasGivenEmpty(spec, 'overhead'))
    refuse(request, 'pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead');
}

function applyOverhead(request: AdmissionRequest, spec: Pod['spec'], { overhead }: RuntimeClassObject): void {
  if (!overhead) return;
  const { podFixed } = overhead;
  if (spec.overhead && !sameAmounts(spec.overhead, podFixed ?? {})) refuse(request, anotherOverhead);
  if (podFixed) spec.overhead = { ...podFixed };
  else delete spec.overhead;
}

function applyScheduling(request: AdmissionRequest, spec: Pod['spec'], { scheduling }: RuntimeClassObject): void {
  const { nodeSelector, tolerations = [] } = scheduling ?? {};
  for (const [key, value] of Object.entries(nodeSelector ?? {})) {
    const own = spec.nodeSelector?.[key];
    if (own !== undefined && own !== value) {
      refuse(request, `conflict: runtimeClass.scheduling.nodeSelector[${key}] = ${value}; pod.spec.nodeSelector[${key}] = ${own}`);
    }
  }
  if (nodeSelector) spec.nodeSelector = { ...spec.nodeSelector, ...nodeSelector };
  const own = spec.tolerations ?? [];
  const missing = tolerations.filter((toleration) => !own.some((given) => deepEqual(given, toleration)));
  if (missing.length > 0) spec.tolerations = [...own, ...missing];
}

function sameAmounts(a: Record<string, string>, b: Record<string, string>): boolean {
  const names = Object.keys(a);
  if (names.length !== Object.keys(b).length) return false;
  return names.every((name) => {
    const [one, other] = [a[name], b[name]];
    return one !== undefined && other !== undefined && parseQuantity(one).compare(parseQuantity(other)) === 0;
  });
}

function refuse(request: AdmissionRequest, detail: string): never {
  throw StatusError.forbidden(request.kind, request.refusedName ?? request.name, detail);
}
