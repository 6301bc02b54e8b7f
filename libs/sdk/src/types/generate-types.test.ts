// What becomes of every form that a schema can have, and of definitions that are none.
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { generateTypes } from './generate-types.ts';
import { readDefinitions } from './read-definitions.ts';

function typesOf(properties: object, more: object = {}): string {
  const schema = { openAPIV3Schema: { type: 'object', properties: { spec: { type: 'object', properties, ...more } } } };
  const spec = {
    ...{ group: 'example.com', scope: 'Cluster', names: { kind: 'Thing', plural: 'things' } },
    versions: [{ name: 'v1', storage: true, schema }],
  };
  return generateTypes([{ spec }], 'x.yaml');
}

test.each([
  [{ type: 'string' }, 'string'],
  [{ type: 'integer', nullable: true }, 'number | null'],
  [{ type: 'number' }, 'number'],
  [{ type: 'boolean' }, 'boolean'],
  [{ 'x-kubernetes-int-or-string': true }, 'number | string'],
  [{ type: 'string', enum: ['a', "it's", 'a'] }, `'a' | "it's"`],
  [{ type: 'integer', enum: [1, 2] }, '1 | 2'],
  [{ type: 'array', items: { type: 'string' } }, 'string[]'],
  [{ type: 'array', items: { type: 'string', enum: ['a', 'b'] } }, `('a' | 'b')[]`],
  [{ type: 'array', items: { type: 'object', properties: { a: { type: 'string' } } } }, '{\n    a?: string;\n  }[]'],
  [{ type: 'object', additionalProperties: { type: 'integer' } }, '{\n    [name: string]: number;\n  }'],
  [{ type: 'object', 'x-kubernetes-preserve-unknown-fields': true }, '{\n    [name: string]: unknown;\n  }'],
  [{ type: 'object', 'x-kubernetes-embedded-resource': true }, 'sdk.KubeObject'],
  [{ 'x-kubernetes-preserve-unknown-fields': true }, 'unknown'],
  [{ type: 'object' }, '{ [name: string]: never }'],
])('%j is %s', (schema, type) => {
  expect(typesOf({ field: schema })).toContain(`\n  field?: ${type};\n`);
});

test('names, comments and what is required', () => {
  const text = typesOf({ 'a-b': { type: 'string', description: 'ends */ here\nand goes on' } }, { required: ['a-b'] });
  expect(text).toContain(`  /**\n   * ends *\\/ here\n   * and goes on\n   */\n  'a-b': string;\n`);
  expect(text).toContain(`scope: 'Cluster',`);
});

const definition = (text: string) => `apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\n${text}`;

test('every version is there, those that are not stored by their names', () => {
  const versions = '[{name: v1, storage: true}, {name: v1beta1}]';
  const yaml = `kind: Other\n---\n${definition(`spec: {group: a.b, scope: Namespaced, names: {kind: Thing, plural: things}, versions: ${versions}}`)}`;
  const text = generateTypes(readDefinitions('x.yaml', yaml), 'x.yaml');
  expect([...text.matchAll(/export const (\w+)/g)].map(([, name]) => name)).toEqual(['Thing', 'ThingV1beta1']);
});

test.each([
  ['a: b', 'x.yaml holds no CustomResourceDefinition of apiextensions.k8s.io/v1'],
  ['a: [', 'x.yaml: '],
  [definition('spec: {}'), 'a CustomResourceDefinition needs spec.group'],
])('%j is refused', (text, words) => {
  expect(() => readDefinitions('x.yaml', text)).toThrow(words);
});

test('the program says how it is used, and what it cannot read', () => {
  const run = (...args: string[]) => {
    try {
      return execFileSync(process.execPath, [join(import.meta.dirname, '..', 'cli.ts'), ...args], { stdio: 'pipe', encoding: 'utf8' });
    } catch (error) {
      return (error as { stderr: string }).stderr;
    }
  };
  expect(run()).toMatch(/^usage: berth-sdk types FILE/);
  expect(run('types', '/none.yaml')).toContain('berth-sdk: ENOENT');
});
