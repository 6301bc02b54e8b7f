// Which kinds are encrypted in the store, and with which keys: the EncryptionConfiguration that kube-apiserver takes, as far as
// it is about keys in a file (kubernetes.io/docs, "Encrypting Confidential Data at Rest"). The first key writes, all of them
// read. Secrets are encrypted from the first start on: a cluster without a file gets one with a key of its own.
import { randomBytes } from 'node:crypto';
import { isRecord } from '@berth/machinery';
import { readIfPresent, writePrivateFile } from '@berth/pki';
import { type EncryptionKey, Keyring, secretBytes } from '@berth/store';
import { parse, stringify } from 'yaml';

/** The file cannot be used; the message names the place in it and what should be there. */
export class EncryptionConfigurationError extends Error {
  constructor(file: string, problem: string) {
    super(`${file}: ${problem}`);
    this.name = 'EncryptionConfigurationError';
  }
}

export interface EncryptedResources {
  /** `secrets`, `deployments.apps`. */
  resources: { group: string; plural: string }[];
  keyring: Keyring;
}

/** Reads the file, or makes it when there is none. @throws EncryptionConfigurationError */
export async function openEncryptionConfiguration(file: string): Promise<EncryptedResources[]> {
  const text = await readIfPresent(file);
  if (text !== undefined) return parseEncryptionConfiguration(file, text);
  const made = stringify({
    apiVersion: 'apiserver.config.k8s.io/v1',
    kind: 'EncryptionConfiguration',
    resources: [{ resources: ['secrets'], providers: [{ aesgcm: { keys: [newKey('key1')] } }, { identity: {} }] }],
  });
  await writePrivateFile(file, made);
  return parseEncryptionConfiguration(file, made);
}

function newKey(name: string): { name: string; secret: string } {
  return { name, secret: randomBytes(secretBytes).toString('base64') };
}

export function parseEncryptionConfiguration(file: string, text: string): EncryptedResources[] {
  const refuse = (problem: string) => new EncryptionConfigurationError(file, problem);
  let document: unknown;
  try {
    document = parse(text);
  } catch (error) {
    throw refuse(`not YAML: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (!isRecord(document) || document.kind !== 'EncryptionConfiguration') throw refuse('kind must be EncryptionConfiguration');
  if (!Array.isArray(document.resources) || document.resources.length === 0) {
    throw refuse('resources must list at least one entry, such as {resources: [secrets], providers: […]}');
  }
  return document.resources.map((entry, index) => readEntry(entry, `resources[${index}]`, refuse));
}

type Refuse = (problem: string) => EncryptionConfigurationError;

function readEntry(entry: unknown, place: string, refuse: Refuse): EncryptedResources {
  if (!isRecord(entry)) throw refuse(`${place} must have resources and providers`);
  const { resources, providers } = entry;
  if (
    !Array.isArray(resources) ||
    !resources.every((name) => typeof name === 'string' && /^[a-z]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9.-]+)?$/.test(name))
  ) {
    throw refuse(`${place}.resources must name resources, such as secrets or deployments.apps; wildcards are not supported`);
  }
  if (!Array.isArray(providers) || providers.length === 0) throw refuse(`${place}.providers must list aesgcm, identity or both`);
  const read = providers.map((provider, index) => readProvider(provider, `${place}.providers[${index}]`, refuse));
  try {
    return { resources: resources.map(groupResource), keyring: new Keyring(read.flat(), read[0]?.[0]) };
  } catch (error) {
    throw refuse(`${place}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function groupResource(name: string): { group: string; plural: string } {
  const [plural = '', ...group] = name.split('.');
  return { plural, group: group.join('.') };
}

/** No keys for identity, which is plain text. */
function readProvider(provider: unknown, place: string, refuse: Refuse): EncryptionKey[] {
  const [name, settings] = isRecord(provider) ? (Object.entries(provider)[0] ?? []) : [];
  if (name === 'identity') return [];
  if (name !== 'aesgcm') throw refuse(`${place} is ${JSON.stringify(name ?? provider)}: use aesgcm or identity`);
  const keys = isRecord(settings) ? settings.keys : undefined;
  if (!Array.isArray(keys) || keys.length === 0) throw refuse(`${place}.aesgcm.keys must list at least one key`);
  return keys.map((key: unknown, index) => {
    const { name: keyName, secret } = isRecord(key) ? key : {};
    const bytes = typeof secret === 'string' ? Buffer.from(secret, 'base64') : Buffer.alloc(0);
    if (typeof keyName !== 'string' || bytes.length !== secretBytes) {
      throw refuse(`${place}.aesgcm.keys[${index}] needs a name and a secret: ${secretBytes} random bytes in base64`);
    }
    return { name: keyName, secret: bytes };
  });
}
