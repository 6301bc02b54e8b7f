// Rotating the key that secrets are encrypted with: a new key is put first into the control plane's file, where its next start
// finds it and writes everything again; after that, the older keys may be taken out.
import { randomBytes } from 'node:crypto';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { type Document, isMap, isSeq, parseDocument } from 'yaml';

const secretBytes = 32;
const providers = ['resources', 0, 'providers'];

/**
 * @param file an EncryptionConfiguration
 * @returns the new key's name
 * @throws Error naming what about the file is wrong
 */
export async function addEncryptionKey(file: string): Promise<string> {
  const document = parseDocument(await readFile(file, 'utf8'));
  const problem = document.errors[0];
  if (problem) throw new Error(`${file}: ${problem.message}`);
  const name = addKey(file, document);
  const unfinished = `${file}.${process.pid}.tmp`;
  await writeFile(unfinished, document.toString(), { mode: 0o600 });
  await rename(unfinished, file);
  return name;
}

function addKey(file: string, document: Document): string {
  const list = document.getIn(providers);
  if (!isSeq(list)) throw new Error(`${file}: resources[0].providers must be a list`);
  const keyLists = list.items.map((item) => (isMap(item) ? item.getIn(['aesgcm', 'keys']) : undefined));
  const names = keyLists.flatMap((keys) => (isSeq(keys) ? keys.items.map((key) => (isMap(key) ? String(key.get('name')) : '')) : []));
  const name = freeName(names);
  const key = document.createNode({ name, secret: randomBytes(secretBytes).toString('base64') });
  const first = keyLists[0];
  if (isSeq(first)) first.items.unshift(key);
  else list.items.unshift(document.createNode({ aesgcm: { keys: [key] } }));
  return name;
}

function freeName(taken: string[]): string {
  for (let number = taken.length + 1; ; number++) if (!taken.includes(`key${number}`)) return `key${number}`;
}
