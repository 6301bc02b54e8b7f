// The documents that kubectl explains, validates and diffs by: whole, linked, and with what it looks for before it trusts a server.
import { type KindDefinition, openApiV3 } from '@berth/machinery';
import { describe, expect, it } from 'vitest';
import { kinds, schemas } from './index.ts';

const sources = { find: (name: string) => schemas.message(name) };

interface Operation {
  parameters?: { name: string }[];
  'x-kubernetes-action'?: string;
}

interface Document {
  paths: Record<string, { post?: Operation; put?: Operation; patch?: Operation; parameters?: { name: string }[] }>;
  components: { schemas: Record<string, { properties?: Record<string, Record<string, unknown>> }> };
}

const groups = Map.groupBy(kinds, (kind) => `${kind.group}/${kind.version}`);

function references(value: unknown, found: string[] = []): string[] {
  if (value === null || typeof value !== 'object') return found;
  for (const [key, inner] of Object.entries(value)) {
    // JSONSchemaProps has a property of that name, which is no reference.
    if (key === '$ref' && typeof inner === 'string') found.push(inner);
    else references(inner, found);
  }
  return found;
}

describe.each([...groups])('%s', (_, members) => {
  const made = openApiV3(members, { version: '1.35' }, sources);
  const document = JSON.parse(JSON.stringify(made)) as Document;

  it('is JSON, and every reference in it leads somewhere', () => {
    expect(document).toEqual(made);
    const names = new Set(Object.keys(document.components.schemas).map((name) => `#/components/schemas/${name}`));
    expect([...new Set(references(document))].filter((reference) => !names.has(reference))).toEqual([]);
  });

  it('lists dryRun and fieldValidation wherever something is written', () => {
    // What is connected to is behind the API.
    const isWrite = (operation: Operation | undefined): operation is Operation =>
      operation !== undefined && operation['x-kubernetes-action'] !== 'connect';
    const writes = Object.entries(document.paths).flatMap(([path, item]) =>
      (['post', 'put', 'patch'] as const).flatMap((method) => {
        const operation = item[method];
        if (!isWrite(operation)) return [];
        return [[`${method} ${path}`, [...(operation.parameters ?? []), ...(item.parameters ?? [])].map(({ name }) => name)] as const];
      }),
    );
    expect(writes.length).toBeGreaterThan(0);
    for (const [operation, names] of writes)
      expect([operation, ...names]).toEqual(expect.arrayContaining([operation, 'dryRun', 'fieldValidation']));
  });
});

it('says how lists merge, for patches that clients compute', () => {
  const document = openApiV3(groups.get('/v1') ?? [], { version: '1.35' }, sources) as unknown as Document;
  const spec = document.components.schemas['io.k8s.api.core.v1.PodSpec']?.properties;
  expect(spec?.containers).toMatchObject({ type: 'array', 'x-kubernetes-patch-merge-key': 'name', 'x-kubernetes-patch-strategy': 'merge' });
  expect(spec?.volumes).toMatchObject({ 'x-kubernetes-patch-strategy': 'merge,retainKeys' });
  expect(spec?.tolerations).toMatchObject({ 'x-kubernetes-list-type': 'atomic' });
});

it('lists strategic merge patches, which kubectl then sends, for kinds that take them', () => {
  const typesOf = (kind: KindDefinition) => {
    const { paths } = openApiV3([kind], { version: '1.35' }, sources) as {
      paths: Record<string, { patch?: { requestBody: { content: object } } }>;
    };
    const patches = Object.values(paths).flatMap(({ patch }) => (patch ? [Object.keys(patch.requestBody.content)] : []));
    return [...new Set(patches.flat())].sort();
  };
  const own = kinds.find(({ kind }) => kind === 'ConfigMap') as KindDefinition;
  const others = ['application/apply-patch+yaml', 'application/json-patch+json', 'application/merge-patch+json'];
  expect(typesOf(own)).toEqual([...others, 'application/strategic-merge-patch+json']);
  expect(typesOf({ ...own, readContent: (value) => ({ value, unknown: [] }) })).toEqual(others);
});
