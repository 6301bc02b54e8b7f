// Kinds that a CustomResourceDefinition brings, as clients and controllers know them. `berth-sdk types` writes these definitions.
// The server defaults and validates by the schema of the definition; here nothing is.
import { defineKind, type KindDefinition, type KubeObject, type MessageSchema, type ObjectMeta } from '@berth/machinery';

/** What every object of a custom resource has beside its spec and status. */
export interface CustomObject extends KubeObject {
  metadata: ObjectMeta;
}

export interface ResourceNames {
  group: string;
  version: string;
  kind: string;
  plural: string;
  scope: 'Namespaced' | 'Cluster';
  /** Whether the status is written by itself. */
  status?: true;
}

export function defineResource<T extends CustomObject>(names: ResourceNames): KindDefinition<T> {
  const schema: MessageSchema = { name: names.kind, fields: [], byName: new Map(), byNumber: new Map() };
  return defineKind<T>({
    ...names,
    schema,
    subresources: names.status ? { status: true } : {},
    strategy: { hasGeneration: true },
  });
}
