// The kubelet's CredentialProviderConfig: which programs to ask for credentials of which images. What is wrong with it names the field. Pure.
import { parse } from 'yaml';
import { durationMs } from '../eviction/thresholds.ts';

const group = 'credentialprovider.kubelet.k8s.io';
export const credentialProviderVersions = [`${group}/v1`, `${group}/v1beta1`, `${group}/v1alpha1`];

export interface CredentialProvider {
  /** Of its program as well. */
  name: string;
  /** Of the request and the response. */
  apiVersion: string;
  matchImages: string[];
  defaultCacheMs: number;
  args: string[];
  env: Record<string, string>;
}

/** @throws Error that names the field */
export function parseCredentialProviders(text: string): CredentialProvider[] {
  const content: unknown = parse(text);
  if (!isMap(content)) throw new Error('is no CredentialProviderConfig');
  const { kind, apiVersion, providers } = content;
  if (kind !== 'CredentialProviderConfig') throw new Error(`kind: ${JSON.stringify(kind)} is not CredentialProviderConfig`);
  if (!/^kubelet\.config\.k8s\.io\/v1(alpha1|beta1)?$/.test(String(apiVersion)))
    throw new Error(`apiVersion: ${JSON.stringify(apiVersion)} is not kubelet.config.k8s.io/v1`);
  if (!Array.isArray(providers) || providers.length === 0) throw new Error('providers: at least one is required');
  const parsed = providers.map((provider: unknown, index) => providerOf(provider, `providers[${index}]`));
  const twice = parsed.findIndex(({ name }, index) => parsed.findIndex((other) => other.name === name) < index);
  if (twice >= 0) throw new Error(`providers[${twice}].name: ${JSON.stringify(parsed[twice]?.name)} is there twice`);
  return parsed;
}

function providerOf(given: unknown, path: string): CredentialProvider {
  if (!isMap(given)) throw new Error(`${path}: is no map`);
  const { name, apiVersion, matchImages, defaultCacheDuration, args = [], env = [], tokenAttributes } = given;
  if (typeof name !== 'string' || name === '' || /[/ ]/.test(name) || name === '.' || name === '..')
    throw new Error(`${path}.name: ${JSON.stringify(name)} is not the name of a program`);
  if (!credentialProviderVersions.includes(String(apiVersion)))
    throw new Error(`${path}.apiVersion: ${JSON.stringify(apiVersion)} is not one of ${credentialProviderVersions.join(', ')}`);
  if (!isTexts(matchImages) || matchImages.length === 0) throw new Error(`${path}.matchImages: at least one is required`);
  if (typeof defaultCacheDuration !== 'string') throw new Error(`${path}.defaultCacheDuration: is required, such as 10m`);
  if (!isTexts(args)) throw new Error(`${path}.args: is no list of texts`);
  // The control plane hands out tokens for the volumes of pods only.
  if (tokenAttributes !== undefined) throw new Error(`${path}.tokenAttributes: tokens of service accounts are not given to providers`);
  return {
    ...{ name, apiVersion: String(apiVersion), matchImages, args },
    defaultCacheMs: durationOf(defaultCacheDuration, `${path}.defaultCacheDuration`),
    env: environmentOf(env, `${path}.env`),
  };
}

function durationOf(text: string, path: string): number {
  try {
    return durationMs(text);
  } catch (error) {
    throw new Error(`${path}: ${(error as Error).message}`, { cause: error });
  }
}

function environmentOf(env: unknown, path: string): Record<string, string> {
  if (!Array.isArray(env)) throw new Error(`${path}: is no list`);
  return Object.fromEntries(
    env.map((entry: unknown, index) => {
      if (!isMap(entry) || typeof entry.name !== 'string' || typeof entry.value !== 'string')
        throw new Error(`${path}[${index}]: has no name and value`);
      return [entry.name, entry.value];
    }),
  );
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((one) => typeof one === 'string');
}
