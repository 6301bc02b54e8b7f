// A server with policies in force, for this folder's tests: made once a file, emptied after each test.
import { type admissionregistrationV1, ConfigMap, ValidatingAdmissionPolicy, ValidatingAdmissionPolicyBinding } from '@berth/api';
import type { KindDefinition, KubeObject } from '@berth/machinery';
import { afterAll, afterEach, beforeAll } from 'vitest';
import { callFor, startTestServer } from '../../test-server.ts';
import { noMetrics, type PolicyCheck } from '../../types.ts';

type PolicySpec = admissionregistrationV1.ValidatingAdmissionPolicySpec;
type BindingSpec = admissionregistrationV1.ValidatingAdmissionPolicyBindingSpec;

export const rule = (resources: string[], parts: object = {}) => ({
  ...{ operations: ['*'], apiGroups: ['*'], apiVersions: ['*'], resources },
  ...parts,
});
export const refusing = (expression: string, parts: object = {}) => ({ validations: [{ expression, ...parts }] });

export const configMap = (
  name = 'x',
  data: Record<string, string> = {},
  labels: Record<string, string> = {},
  namespace = 'default',
): ConfigMap => ({
  ...{ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace, labels }, data },
});

/** What policies say of the config map x. */
export const prefix = `configmaps "x" is forbidden: ValidatingAdmissionPolicy 'p' with binding 'p-binding' denied request: `;

export class PolicyServer {
  running!: Awaited<ReturnType<typeof startTestServer>>;
  /** Since the last test. */
  readonly checks: PolicyCheck[] = [];

  constructor() {
    beforeAll(async () => {
      this.running = await startTestServer({ metrics: { ...noMetrics, policyChecked: (check) => void this.checks.push(check) } });
    });
    afterAll(() => this.running.server.stop());
    afterEach(() => this.#empty());
  }

  get client() {
    return this.running.client;
  }

  /** A policy about config maps, unless it says otherwise, and a binding of it. */
  async inForce(spec: Partial<PolicySpec>, binding: Partial<BindingSpec> = {}, name = 'p'): Promise<void> {
    const matchConstraints = { resourceRules: [rule(['configmaps'])] };
    const apiVersion = 'admissionregistration.k8s.io/v1';
    const policy = { apiVersion, kind: 'ValidatingAdmissionPolicy', metadata: { name }, spec: { matchConstraints, ...spec } };
    await this.client.create(ValidatingAdmissionPolicy, policy);
    await this.client.create(ValidatingAdmissionPolicyBinding, {
      ...{ apiVersion, kind: 'ValidatingAdmissionPolicyBinding', metadata: { name: `${name}-binding` } },
      spec: { policyName: name, validationActions: ['Deny'], ...binding },
    });
  }

  create(object = configMap()): Promise<ConfigMap> {
    return this.client.create(ConfigMap, object);
  }

  async #empty(): Promise<void> {
    this.checks.length = 0;
    for (const kind of [
      ValidatingAdmissionPolicyBinding,
      ValidatingAdmissionPolicy,
      ConfigMap,
    ] as unknown as KindDefinition<KubeObject>[]) {
      const { entries } = await this.running.server.list(callFor(kind));
      for (const { object } of entries) await this.client.delete(kind, object.metadata);
    }
  }
}

interface Refusal {
  message: string;
  code: number;
  status: { reason: string; details: { causes: object[] } };
}

/** Undefined for what is let through. */
export const refusal = (work: Promise<unknown>): Promise<Refusal | undefined> =>
  work.then(
    () => undefined,
    (error: Refusal) => error,
  );
export const messageOf = async (work: Promise<unknown>) => (await refusal(work))?.message;
