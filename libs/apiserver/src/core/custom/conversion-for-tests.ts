// A kind in two versions and the webhook that converts it, for tests: `spec.hostPort` of v1 is `spec.host` and `spec.port` of v2.
import { CustomResourceDefinition } from '@berth/api';
import type { KubeObject } from '@berth/machinery';
import type { ApiServer } from '../api-server.ts';
import { admin, callFor } from '../test-server.ts';
import type { Call } from '../types.ts';
import type { WebhookClient } from '../webhooks/index.ts';

export const group = 'example.com';
const text = { type: 'string' };
const spec = (properties: object) => ({ type: 'object', properties: { spec: { type: 'object', properties } } });
const schemas = {
  v1: spec({ hostPort: text, replicas: { type: 'integer' } }),
  v2: spec({ host: text, port: text, replicas: { type: 'integer' } }),
};

export type Version = keyof typeof schemas;

interface Asked {
  request: { uid: string; desiredAPIVersion: string; objects: Endpoint[] };
}

export type Endpoint = KubeObject & { spec: { hostPort?: string; host?: string; port?: string; replicas?: number } };

export class TestWebhook implements Pick<WebhookClient, 'call'> {
  /** How many objects each call was about, and the version that was wanted. */
  readonly calls: string[] = [];
  /** What it fails with, while it does. */
  down: string | undefined;
  /** Changes what would be answered. */
  spoil: (objects: Endpoint[]) => unknown[] = (objects) => objects;

  async call(_address: unknown, body: unknown): Promise<unknown> {
    const { uid, desiredAPIVersion, objects } = (body as Asked).request;
    this.calls.push(`${objects.length} to ${desiredAPIVersion.slice(group.length + 1)}`);
    if (this.down) throw new Error(this.down);
    // As over the wire: nothing is shared.
    const given = JSON.parse(JSON.stringify(objects)) as Endpoint[];
    const convertedObjects = this.spoil(given.map((object) => converted(object, desiredAPIVersion)));
    return { ...(body as object), response: { uid, result: { status: 'Success' }, convertedObjects } };
  }
}

/** A part of an object is converted as what it is. */
function converted(object: Endpoint, apiVersion: string): Endpoint {
  if (!object.spec) return { ...object, apiVersion };
  const { hostPort, host, port, ...rest } = object.spec;
  if (apiVersion.endsWith('/v1')) {
    return { ...object, apiVersion, spec: { ...rest, ...(host !== undefined && { hostPort: `${host}:${port}` }) } };
  }
  const [newHost, newPort] = hostPort?.split(':') ?? [];
  return { ...object, apiVersion, spec: { ...rest, ...(newHost !== undefined && { host: newHost, port: newPort ?? '' }) } };
}

const definitions = (name?: string) => callFor(CustomResourceDefinition, undefined, name);
const definitionName = `endpoints.${group}`;

export function definition(stored: Version, changes: object = {}): KubeObject {
  const scale = { specReplicasPath: '.spec.replicas', statusReplicasPath: '.status.replicas' };
  const versions = (['v1', 'v2'] as const).map((name) => ({
    name,
    served: true,
    storage: name === stored,
    schema: { openAPIV3Schema: schemas[name] },
    subresources: { scale },
    selectableFields: [{ jsonPath: name === 'v1' ? '.spec.hostPort' : '.spec.host' }],
  }));
  const clientConfig = { url: 'https://localhost:9443/convert' };
  const conversion = { strategy: 'Webhook', webhook: { clientConfig, conversionReviewVersions: ['v1', 'v1beta1'] } };
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: definitionName },
    spec: { group, scope: 'Namespaced', names: { plural: 'endpoints', kind: 'Endpoint' }, versions, conversion, ...changes },
  } as KubeObject;
}

/** Makes the definition, or changes it; resolves when the server serves it so. */
export async function define(server: ApiServer, stored: Version): Promise<void> {
  const wanted = definition(stored);
  const object = server.kinds.resource(group, 'v1', 'endpoints') && (await server.get(definitions(definitionName))).object;
  if (object) await server.update(definitions(definitionName), { ...object, spec: (wanted as unknown as { spec: object }).spec });
  else await server.create(definitions(), wanted);
  while (server.kinds.resource(group, 'v1', 'endpoints')?.conversion?.stored.version !== stored) await new Promise(setImmediate);
}

export function at(server: ApiServer, version: Version, name?: string, subresource?: string): Call {
  return { user: admin, kind: server.kinds.require(group, version, 'endpoints'), namespace: 'default', name, subresource };
}

export function endpoint(version: Version, name: string, spec: Endpoint['spec'], metadata: object = {}): Endpoint {
  return { apiVersion: `${group}/${version}`, kind: 'Endpoint', metadata: { name, ...metadata }, spec };
}
