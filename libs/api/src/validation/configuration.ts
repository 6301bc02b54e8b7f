// ConfigMaps and Secrets: keys that can be file names, a size that a store can hold, and immutability where asked for.
import { wasGivenEmpty } from '@berth/machinery';
import { base64Bytes, decodeBase64 } from '../encoding/base64.ts';
import type { ConfigMap, Secret } from '../generated/core-v1.types.ts';
import { type FieldError, forbidden, immutable, invalid, invalidAll, required, tooLong } from './errors.ts';
import { utf8Length } from './metadata.ts';
import { configMapKey } from './names.ts';

const dataBytesMax = 1024 * 1024;
const whenImmutable = 'field is immutable when `immutable` is set';

/** Keys that a type of secret must have. */
const requiredKeys: Record<string, string[]> = {
  'kubernetes.io/ssh-auth': ['ssh-privatekey'],
  'kubernetes.io/tls': ['tls.crt', 'tls.key'],
  'kubernetes.io/dockercfg': ['.dockercfg'],
  'kubernetes.io/dockerconfigjson': ['.dockerconfigjson'],
};

function keys(data: Record<string, unknown> | undefined, field: string): FieldError[] {
  return Object.keys(data ?? {}).flatMap((key) => invalidAll(`${field}[${key}]`, key, configMapKey(key)));
}

export function validateConfigMapData(configMap: ConfigMap): FieldError[] {
  const { data = {}, binaryData = {} } = configMap;
  const errors = [...keys(data, 'data'), ...keys(binaryData, 'binaryData')];
  for (const key of Object.keys(data)) {
    if (Object.hasOwn(binaryData, key)) errors.push(invalid(`data[${key}]`, key, 'duplicate of key present in binaryData'));
  }
  const bytes =
    Object.values(data).reduce((sum, value) => sum + utf8Length(value), 0) +
    Object.values(binaryData).reduce((sum, value) => sum + base64Bytes(value), 0);
  if (bytes > dataBytesMax) errors.push(tooLong('[]', dataBytesMax));
  return errors;
}

export function validateConfigMapUpdate(next: ConfigMap, old: ConfigMap): FieldError[] {
  return old.immutable ? frozen(next, old, ['data', 'binaryData']) : [];
}

function frozen<T extends { immutable?: boolean }>(next: T, old: T, fields: (keyof T & string)[]): FieldError[] {
  const errors = next.immutable ? [] : [forbidden('immutable', whenImmutable)];
  for (const field of fields) {
    // An emptied value differs here, unlike in a spec: keys are what a container sees. So does an empty one where there was none.
    const isMade = old[field] === undefined && wasGivenEmpty(next, field);
    if (isMade || JSON.stringify(sorted(next[field])) !== JSON.stringify(sorted(old[field]))) errors.push(forbidden(field, whenImmutable));
  }
  return errors;
}

function sorted(data: unknown): [string, unknown][] {
  return Object.entries(data ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));
}

export function validateSecretData(secret: Secret): FieldError[] {
  const data = secret.data ?? {};
  const errors = keys(data, 'data');
  const bytes = Object.values(data).reduce((sum, value) => sum + base64Bytes(value), 0);
  if (bytes > dataBytesMax) errors.push(tooLong('data', dataBytesMax));
  for (const key of requiredKeys[secret.type ?? ''] ?? []) {
    if (data[key] === undefined) errors.push(required(`data[${key}]`));
    else if (key.startsWith('.docker') && !isJson(data[key]))
      errors.push(invalid(`data[${key}]`, '<secret contents redacted>', 'must be valid JSON'));
  }
  if (secret.type === 'kubernetes.io/basic-auth' && data.username === undefined && data.password === undefined) {
    errors.push(required('data[username]'), required('data[password]'));
  }
  if (secret.type === 'kubernetes.io/service-account-token' && !secret.metadata.annotations?.['kubernetes.io/service-account.name']) {
    errors.push(required('metadata.annotations[kubernetes.io/service-account.name]'));
  }
  return errors;
}

function isJson(encoded: string): boolean {
  const text = decodeBase64(encoded);
  if (text === undefined) return false;
  try {
    JSON.parse(text);
    return true;
  } catch (error) {
    if (error instanceof SyntaxError) return false;
    throw error;
  }
}

export function validateSecretUpdate(next: Secret, old: Secret): FieldError[] {
  const errors = next.type === old.type ? [] : [invalid('type', next.type, immutable)];
  return old.immutable ? [...errors, ...frozen(next, old, ['data'])] : errors;
}
