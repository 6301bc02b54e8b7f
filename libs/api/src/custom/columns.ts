// Printer columns of custom resources: the name, then what the definition names, as kube-apiserver's table convertor prints it.
import { age, type Column, type KubeObject } from '@berth/machinery';
import type { CustomResourceColumnDefinition } from '../generated/apiextensions-v1.types.ts';
import { parseJsonPath } from './json-path.ts';

const createdAt: CustomResourceColumnDefinition = {
  name: 'Age',
  type: 'date',
  description:
    'CreationTimestamp is a timestamp representing the server time when this object was created. It is not guaranteed to be set in happens-before order across separate operations. Clients may not set this value. It is represented in RFC3339 form and is in UTC.\n\nPopulated by the system. Read-only. Null for lists. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#metadata',
  jsonPath: '.metadata.creationTimestamp',
};

const name: Column<KubeObject> = {
  name: 'Name',
  type: 'string',
  format: 'name',
  description:
    'Name must be unique within a namespace. Is required when creating resources, although some resources may allow a client to request the generation of an appropriate name automatically. Name is primarily intended for creation idempotence and configuration definition. Cannot be updated. More info: https://kubernetes.io/docs/concepts/overview/working-with-objects/names#names',
  value: ({ metadata }) => metadata.name,
};

export function customColumns(given: CustomResourceColumnDefinition[] | undefined): Column<KubeObject>[] {
  return [name, ...(given && given.length > 0 ? given : [createdAt]).map(column)];
}

function column(definition: CustomResourceColumnDefinition): Column<KubeObject> {
  const { type, format, description, priority, jsonPath } = definition;
  const read = parseJsonPath(jsonPath);
  return {
    name: definition.name,
    type: type as Column<KubeObject>['type'],
    ...(format && { format }),
    description: description ?? `Custom resource definition column (in JSONPath format): ${jsonPath}`,
    ...(priority && { priority }),
    value: (object, now) => cell(type, read?.(object)[0], now),
  };
}

/** What does not fit its column's type is not shown. */
function cell(type: string, found: unknown, now: number): string | number | boolean | null {
  if (found === undefined || found === null) return null;
  switch (type) {
    case 'integer':
      return isNumber(found) ? Math.trunc(Number(found)) : null;
    case 'number':
      return isNumber(found) ? Number(found) : null;
    case 'boolean':
      return typeof found === 'boolean' ? found : null;
    case 'date':
      if (typeof found !== 'string') return null;
      return Number.isNaN(Date.parse(found)) ? '<invalid>' : age(found, now);
    default:
      return typeof found === 'object' ? JSON.stringify(found) : String(found);
  }
}

function isNumber(value: unknown): value is number | bigint {
  return typeof value === 'number' || typeof value === 'bigint';
}
