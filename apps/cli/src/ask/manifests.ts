// Objects from files as kubectl takes them: YAML or JSON, several documents in one, lists, folders, and `-` for the standard input.
import { readdir, readFile, stat } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { isRecord, type KubeObject } from '@berth/machinery';
import { UsageError } from '@berth/telemetry/command-line';
import { parseAllDocuments } from 'yaml';

const extensions = ['.yaml', '.yml', '.json'];

/** @throws UsageError that names the file, the line and what is wrong there */
export async function readManifests(paths: readonly string[], stdin: NodeJS.ReadableStream): Promise<KubeObject[]> {
  if (paths.length === 0) throw new UsageError('name a file: -f FILE, a folder, or - for the standard input');
  const objects: KubeObject[] = [];
  for (const path of paths) {
    if (path === '-') objects.push(...objectsIn(await text(stdin), 'standard input'));
    else for (const file of await filesOf(path)) objects.push(...objectsIn(await readFile(file, 'utf8'), file));
  }
  if (objects.length === 0) throw new UsageError(`there is no object in ${paths.join(', ')}`);
  return objects;
}

async function filesOf(path: string): Promise<string[]> {
  const found = await stat(path).catch((error: Error) => {
    throw new UsageError(`${path} cannot be read: ${error.message}`);
  });
  if (!found.isDirectory()) return [path];
  const names = (await readdir(path)).filter((name) => extensions.includes(extname(name))).sort();
  if (names.length === 0) throw new UsageError(`${path} holds no file that ends with ${extensions.join(', ')}`);
  return names.map((name) => join(path, name));
}

export function objectsIn(content: string, file: string): KubeObject[] {
  const documents = parseAllDocuments(content);
  if (!Array.isArray(documents)) return [];
  return documents.flatMap((document, index) => {
    const [error] = document.errors;
    const line = error?.linePos?.[0].line;
    if (error) throw new UsageError(`${file}${line ? `, line ${line}` : ''}: ${error.message.split('\n')[0]}`);
    const value: unknown = document.toJS();
    if (value === null || value === undefined) return [];
    const where = documents.length > 1 ? `${file}, document ${index + 1}` : file;
    return listed(value, where);
  });
}

function listed(value: unknown, where: string): KubeObject[] {
  if (!isRecord(value)) throw new UsageError(`${where}: it is no object`);
  for (const field of ['apiVersion', 'kind']) {
    if (typeof value[field] !== 'string' || value[field] === '') throw new UsageError(`${where}: ${field} is not set`);
  }
  if (value.kind === 'List' && Array.isArray(value.items)) return value.items.flatMap((item) => listed(item, where));
  const { metadata } = value;
  if (!isRecord(metadata) || typeof metadata.name !== 'string' || metadata.name === '') {
    const isGenerated = isRecord(metadata) && typeof metadata.generateName === 'string';
    const remedy = isGenerated ? 'metadata.generateName cannot be applied: give it a metadata.name' : 'metadata.name is not set';
    throw new UsageError(`${where}: ${remedy}`);
  }
  return [value as unknown as KubeObject];
}
