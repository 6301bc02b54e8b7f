// CustomResourceDefinitions in a YAML file, which may hold other documents and lists as well.
import { isRecord } from '@berth/machinery';
import { parseAllDocuments } from 'yaml';
import type { Definition } from './generate-types.ts';

/** @throws Error that names the file, when it is no YAML or defines no kind */
export function readDefinitions(file: string, text: string): Definition[] {
  const found = parseAllDocuments(text).flatMap((document) => {
    const problem = document.errors[0];
    if (problem) throw new Error(`${file}: ${problem.message}`);
    return definitionsIn(document.toJS());
  });
  if (found.length === 0) throw new Error(`${file} holds no CustomResourceDefinition of apiextensions.k8s.io/v1`);
  return found;
}

function definitionsIn(value: unknown): Definition[] {
  if (!isRecord(value)) return [];
  if (value.kind === 'List' && Array.isArray(value.items)) return value.items.flatMap(definitionsIn);
  if (value.kind !== 'CustomResourceDefinition' || value.apiVersion !== 'apiextensions.k8s.io/v1') return [];
  const { spec } = value;
  const isWhole = isRecord(spec) && isRecord(spec.names) && Array.isArray(spec.versions) && typeof spec.group === 'string';
  if (!isWhole) throw new Error('a CustomResourceDefinition needs spec.group, spec.names and spec.versions');
  return [value as unknown as Definition];
}
