// A server whose webhooks are a function, for tests: what each was asked is kept.
import {
  type ConfigMap,
  MutatingWebhookConfiguration as MutatingKind,
  type MutatingWebhookConfiguration,
  ValidatingWebhookConfiguration as ValidatingKind,
} from '@berth/api';
import type { KindDefinition, KubeObject } from '@berth/machinery';
import { onTestFinished } from 'vitest';
import { startTestServer } from '../../test-server.ts';
import type { WebhookAddress } from '../../webhooks/index.ts';

interface Review {
  apiVersion: string;
  kind: string;
  request: Record<string, unknown> & {
    uid: string;
    operation: string;
    name?: string;
    object: KubeObject | null;
    oldObject: KubeObject | null;
  };
}

type Answer = Record<string, unknown>;
type Respond = (request: Review['request'], path: string) => Answer | Promise<Answer>;

export const everything = { apiGroups: ['*'], apiVersions: ['*'], operations: ['*'], resources: ['*/*'] };

/** @param respond what the response of a review says, its uid aside; `review` in it stands for all of the answer */
export async function started(respond: Respond) {
  const asked: { path: string; review: Review }[] = [];
  const webhooks = {
    call: async ({ service }: WebhookAddress, body: unknown) => {
      const review = body as Review;
      const path = service?.path ?? '';
      // As it was sent.
      asked.push({ path, review: structuredClone(review) });
      const { review: whole, ...response } = await respond(review.request, path);
      return whole ?? { ...review, request: undefined, response: { uid: review.request.uid, ...response } };
    },
  };
  const made = await startTestServer({ webhooks });
  onTestFinished(() => made.server.stop());
  const configure = async (kind: 'mutating' | 'validating', name: string, ...hooks: object[]) => {
    const of = (kind === 'mutating' ? MutatingKind : ValidatingKind) as unknown as KindDefinition<MutatingWebhookConfiguration>;
    await made.client.create(of, {
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: of.kind,
      metadata: { name },
      webhooks: hooks.map((parts) => hook(parts as Record<string, unknown>)),
    } as never);
    asked.length = 0;
  };
  return { ...made, asked, configure };
}

function hook(parts: Record<string, unknown>): object {
  const { path = '/', name = 'a.example.com', ...others } = parts;
  return {
    name,
    clientConfig: { service: { namespace: 'default', name: 'hook', path } },
    rules: [everything],
    sideEffects: 'None',
    admissionReviewVersions: ['v1'],
    ...others,
  };
}

export const configMap = (name: string, data: Record<string, string> = {}): ConfigMap => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace: 'default' },
  data,
});
export const patch = (...operations: object[]) => ({
  allowed: true,
  patchType: 'JSONPatch',
  patch: Buffer.from(JSON.stringify(operations)).toString('base64'),
});
export const key = { namespace: 'default', name: 'x' };
