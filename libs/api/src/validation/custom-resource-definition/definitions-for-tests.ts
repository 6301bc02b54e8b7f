// Small definitions for tests, each fresh, and what is wrong with them as clients read it.
import { fieldMessage } from '@berth/machinery';
import type { JSONSchemaProps } from '../../generated/apiextensions-v1.types.ts';
import { CustomResourceDefinition } from '../../index.ts';

export type Part = Record<string, unknown>;

export function definition(change: Part = {}, metadata: Part = {}): CustomResourceDefinition {
  const made = {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: 'crontabs.example.com', ...metadata },
    spec: {
      group: 'example.com',
      scope: 'Namespaced',
      names: { plural: 'crontabs', kind: 'CronTab' },
      versions: [version('v1', {})],
      ...change,
    },
  } as unknown as CustomResourceDefinition;
  CustomResourceDefinition.defaults(made);
  CustomResourceDefinition.strategy.prepareForCreate?.(made, '2020-01-02T03:04:05Z');
  return made;
}

export function version(name: string, more: Part, schema: unknown = { type: 'object' }): Part {
  return { name, served: true, storage: name === 'v1', schema: { openAPIV3Schema: schema }, ...more };
}

/** With one version, its schema. */
export function withSchema(schema: JSONSchemaProps, more: Part = {}): CustomResourceDefinition {
  return definition({ versions: [version('v1', more, schema)] });
}

export function withSpec(spec: JSONSchemaProps, more: Part = {}): CustomResourceDefinition {
  return withSchema({ type: 'object', properties: { spec } }, more);
}

export function causes(given: CustomResourceDefinition, old?: CustomResourceDefinition): string[] {
  const errors = [...CustomResourceDefinition.validate(given, old), ...(old ? CustomResourceDefinition.validateUpdate(given, old) : [])];
  return errors.map((error) => `${error.field}: ${fieldMessage(error)}`);
}

/** What names must be, as errors say it. */
export const label =
  "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')";
