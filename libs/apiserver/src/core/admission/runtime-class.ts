// A pod with a runtime class costs what that class says on top, and goes where that class can run.
import type { Pod, RuntimeClass as RuntimeClassObject } from '@berth/api';
import { deepEqual, parseQuantity, StatusError } from '@berth/machinery';
import type { AdmissionPlugin, AdmissionRequest } from './admission.ts';
import { creates } from './request-predicates.ts';

export class RuntimeClass implements AdmissionPlugin {
  readonly name = 'RuntimeClass';
  readonly #byName: (name: string) => Promise<RuntimeClassObject | undefined>;

  constructor(byName: (name: string) => Promise<RuntimeClassObject | undefined>) {
    this.#byName = byName;
  }

  mutate(request: AdmissionRequest): Promise<void> | void {
    if (creates(request, '', 'Pod')) return this.#resolve(request);
  }

  async #resolve(request: AdmissionRequest): Promise<void> {
    const { spec } = request.object as Pod;
    const { runtimeClassName } = spec;
    if (!runtimeClassName) {
      if (spec.overhead) refuse(request, 'pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead');
      return;
    }
    const found = await this.#byName(runtimeClassName);
    if (!found) refuse(request, `pod rejected: RuntimeClass ${JSON.stringify(runtimeClassName)} not found`);
    applyOverhead(request, spec, found);
    applyScheduling(request, spec, found);
  }
}

function applyOverhead(request: AdmissionRequest, spec: Pod['spec'], { overhead }: RuntimeClassObject): void {
  const fixed = overhead?.podFixed;
  if (!fixed) {
    if (spec.overhead) refuse(request, 'pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead');
    return;
  }
  if (spec.overhead && !sameAmounts(spec.overhead, fixed)) {
    refuse(request, "pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead");
  }
  spec.overhead = { ...fixed };
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
  throw StatusError.forbidden(request.kind, request.name, detail);
}
