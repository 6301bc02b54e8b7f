// What a node knows of registries by itself: the file of --registries, and programs that give credentials.
import { accessSync, constants, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock, Logger } from '@berth/telemetry';
import { UsageError } from '@berth/telemetry/command-line';
import { CredentialPlugins } from './credential-plugins.ts';
import { type CredentialProvider, parseCredentialProviders } from './credential-provider-config.ts';
import { repositoryOf } from './image-name.ts';
import { Keyring, type PullCredential } from './keyring.ts';
import { noRegistryFile, parseRegistryFile, type RegistryFile } from './registry-file.ts';

export interface RegistrySettings {
  file: RegistryFile;
  providers: CredentialProvider[];
  /** Where their programs are. */
  providerDirectory: string;
}

export const registryOptions = {
  registries: { type: 'string' },
  'image-credential-provider-config': { type: 'string' },
  'image-credential-provider-bin-dir': { type: 'string' },
} as const;

export const registryUsage = `  --registries FILE           mirrors of registries, credentials and certificates for them, as in k3s' registries.yaml
  --image-credential-provider-config FILE  a CredentialProviderConfig: programs that give credentials of images
  --image-credential-provider-bin-dir DIRECTORY  where those programs are`;

interface Values {
  registries?: string | undefined;
  'image-credential-provider-config'?: string | undefined;
  'image-credential-provider-bin-dir'?: string | undefined;
  'runtime-endpoint'?: string | undefined;
}

/** @throws UsageError that names option, file and field */
export function parseRegistries(values: Values): RegistrySettings {
  const { registries, 'image-credential-provider-config': config, 'image-credential-provider-bin-dir': directory } = values;
  const file = registries === undefined ? noRegistryFile : read('--registries', registries, parseRegistryFile);
  const touchesContainerd = file.mirrors.size > 0 || [...file.hosts.values()].some(({ tls }) => tls);
  if (values['runtime-endpoint'] !== undefined && touchesContainerd)
    throw new UsageError(
      `--registries: ${registries}: mirrors and tls are for our own containerd; configure that of --runtime-endpoint by itself`,
    );
  if ((config === undefined) !== (directory === undefined))
    throw new UsageError('--image-credential-provider-config and --image-credential-provider-bin-dir go together: say both');
  const providers = config === undefined ? [] : read('--image-credential-provider-config', config, parseCredentialProviders);
  for (const { name } of providers) checkProgram(join(directory ?? '', name));
  return { file, providers, providerDirectory: directory ?? '' };
}

function read<T>(option: string, path: string, parse: (text: string) => T): T {
  try {
    return parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new UsageError(`${option}: ${path}: ${(error as Error).message}`);
  }
}

function checkProgram(path: string): void {
  try {
    accessSync(path, constants.X_OK);
  } catch {
    throw new UsageError(`--image-credential-provider-bin-dir: ${path} is no program`);
  }
}

/** Credentials that every pod of the node may use, by image. */
export function nodeCredentials(
  { file, providers, providerDirectory: directory }: RegistrySettings,
  ports: { clock: Clock; logger: Logger },
): (image: string) => Promise<PullCredential[]> {
  const keyring = new Keyring();
  for (const [host, { auth }] of file.hosts) if (auth) keyring.add({ [host]: auth });
  const plugins = new CredentialPlugins({ ...ports, providers, directory });
  return async (image) => {
    const repository = repositoryOf(image);
    return [...keyring.lookup(repository), ...(await plugins.lookup(repository))];
  };
}
