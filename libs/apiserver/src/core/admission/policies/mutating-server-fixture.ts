// A server with mutating policies in force, for this folder's tests: made once a file, emptied after each test.
import {
  type admissionregistrationV1beta1,
  ConfigMap,
  CustomResourceDefinition,
  Deployment,
  MutatingAdmissionPolicy,
  MutatingAdmissionPolicyBinding,
  MutatingWebhookConfiguration,
} from '@berth/api';
import type { KindDefinition, KubeObject } from '@berth/machinery';
import { afterAll, afterEach, beforeAll } from 'vitest';
import { callFor, startTestServer } from '../../test-server.ts';
import { type MutationCheck, noMetrics } from '../../types.ts';
import { configMap, rule } from './policy-server-fixture.ts';

type PolicySpec = admissionregistrationV1beta1.MutatingAdmissionPolicySpec;
type BindingSpec = admissionregistrationV1beta1.MutatingAdmissionPolicyBindingSpec;
type Mutation = admissionregistrationV1beta1.Mutation;

export const applied = (expression: string): Mutation => ({ patchType: 'ApplyConfiguration', applyConfiguration: { expression } });
export const patched = (expression: string): Mutation => ({ patchType: 'JSONPatch', jsonPatch: { expression } });
/** Puts an entry into the data of a config map. */
export const setting = (key: string, value: string): Mutation => applied(`Object{data: {${JSON.stringify(key)}: ${value}}}`);

const apiVersion = 'admissionregistration.k8s.io/v1beta1';
const emptied = [
  ...[MutatingAdmissionPolicyBinding, MutatingAdmissionPolicy, MutatingWebhookConfiguration, ConfigMap, Deployment],
  CustomResourceDefinition,
] as unknown as KindDefinition<KubeObject>[];

export const deployment = (): Deployment => ({
  ...{ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web', namespace: 'default' } },
  spec: {
    selector: { matchLabels: { app: 'web' } },
    template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'web', image: 'nginx' }] } },
  },
});

export const policyOf = (name: string, mutations: Mutation[], spec: Partial<PolicySpec> = {}) =>
  ({
    ...{ apiVersion, kind: 'MutatingAdmissionPolicy', metadata: { name } },
    spec: {
      matchConstraints: { resourceRules: [rule(['configmaps'], { operations: ['CREATE', 'UPDATE'] })] },
      reinvocationPolicy: 'Never',
      mutations,
      ...spec,
    },
  }) satisfies MutatingAdmissionPolicy;

export class MutatingServer {
  running!: Awaited<ReturnType<typeof startTestServer>>;
  /** Since the last test. */
  readonly checks: MutationCheck[] = [];
  /** What the webhook that is configured answers. */
  respond: (object: KubeObject) => object = () => ({ allowed: true });

  constructor() {
    const webhooks = {
      call: async (_address: unknown, body: unknown) => {
        const review = body as { request: { uid: string; object: KubeObject } };
        return { ...review, request: undefined, response: { uid: review.request.uid, ...this.respond(review.request.object) } };
      },
    };
    const metrics = { ...noMetrics, objectMutated: (check: MutationCheck) => void this.checks.push(check) };
    beforeAll(async () => {
      this.running = await startTestServer({ metrics, webhooks, featureGates: ['MutatingAdmissionPolicy'] });
    });
    afterAll(() => this.running.server.stop());
    afterEach(() => this.#empty());
  }

  get client() {
    return this.running.client;
  }

  /** A policy about config maps, unless it says otherwise, and a binding of it. */
  async inForce(mutations: Mutation[], spec: Partial<PolicySpec> = {}, binding: Partial<BindingSpec> = {}, name = 'p'): Promise<void> {
    await this.client.create(MutatingAdmissionPolicy, policyOf(name, mutations, spec));
    await this.client.create(MutatingAdmissionPolicyBinding, {
      ...{ apiVersion, kind: 'MutatingAdmissionPolicyBinding', metadata: { name: `${name}-binding` } },
      spec: { policyName: name, ...binding },
    });
  }

  create(object = configMap()): Promise<ConfigMap> {
    return this.client.create(ConfigMap, object);
  }

  async #empty(): Promise<void> {
    this.checks.length = 0;
    this.respond = () => ({ allowed: true });
    for (const kind of emptied) {
      const { entries } = await this.running.server.list(callFor(kind));
      for (const { object } of entries) await this.client.delete(kind, object.metadata);
    }
  }
}
