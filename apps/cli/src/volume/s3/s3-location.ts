// Where in which S3-like store, and who asks: an address such as s3://bucket/folder, options, and the variables that other programs read too.
import { readFile } from 'node:fs/promises';
import { UsageError } from '@berth/telemetry/command-line';
import type { Credentials } from './signature.ts';

export interface S3Location {
  /** Without the bucket. */
  endpoint: URL;
  bucket: string;
  /** Empty, or with a slash at its end. */
  prefix: string;
  region: string;
  credentials: Credentials;
  /** The bucket as a part of the host's name, rather than of the path. */
  isVirtualHost: boolean;
  /** PEM of who signs the store's certificate, where that is not one of the system's. */
  authority: string | undefined;
}

export interface S3Options {
  endpoint?: string | undefined;
  region?: string | undefined;
  /** `path` or `virtual`. */
  addressing?: string | undefined;
  /** In the form of ~/.aws/credentials. */
  credentialsFile?: string | undefined;
  profile?: string | undefined;
}

const regionDefault = 'us-east-1';
const bucketForm = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;

export function isS3Address(text: string): boolean {
  return text.startsWith('s3://');
}

/** @param environment with what a Secret adds @throws UsageError that says what is missing */
export async function s3Location(address: string, options: S3Options, environment: NodeJS.ProcessEnv): Promise<S3Location> {
  const [bucket = '', ...path] = address.slice('s3://'.length).split('/');
  if (!bucketForm.test(bucket)) throw new UsageError(`${JSON.stringify(address)} is no address such as s3://BUCKET/FOLDER`);
  const folder = path.filter((part) => part !== '').join('/');
  const region = options.region ?? environment.AWS_REGION ?? environment.AWS_DEFAULT_REGION ?? regionDefault;
  const given = options.endpoint ?? environment.AWS_ENDPOINT_URL_S3 ?? environment.AWS_ENDPOINT_URL;
  const { addressing = given === undefined ? 'virtual' : 'path' } = options;
  if (addressing !== 'path' && addressing !== 'virtual')
    throw new UsageError(`--s3-addressing: ${JSON.stringify(addressing)} is neither path nor virtual`);
  const bundle = environment.AWS_CA_BUNDLE;
  return {
    ...{ endpoint: endpointOf(given ?? `https://s3.${region}.amazonaws.com`), bucket, region, isVirtualHost: addressing === 'virtual' },
    prefix: folder === '' ? '' : `${folder}/`,
    credentials: await credentialsOf(options, environment),
    authority: bundle === undefined ? undefined : await readFile(bundle, 'utf8'),
  };
}

function endpointOf(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !/^https?:$/.test(url.protocol) || url.search !== '' || url.username !== '')
    throw new UsageError(`--s3-endpoint: ${JSON.stringify(text)} is no address such as https://s3.example.com`);
  return url;
}

async function credentialsOf({ credentialsFile, profile }: S3Options, environment: NodeJS.ProcessEnv): Promise<Credentials> {
  const file = credentialsFile ?? environment.AWS_SHARED_CREDENTIALS_FILE;
  const { AWS_ACCESS_KEY_ID: id, AWS_SECRET_ACCESS_KEY: secret, AWS_SESSION_TOKEN: token } = environment;
  if (credentialsFile === undefined && id && secret) return { accessKeyId: id, secretAccessKey: secret, sessionToken: token || undefined };
  if (file !== undefined) {
    const name = profile ?? environment.AWS_PROFILE ?? 'default';
    const found = profileOf(await readFile(file, 'utf8'), name);
    if (found) return found;
    throw new UsageError(`${file} has no aws_access_key_id and aws_secret_access_key in [${name}]`);
  }
  const ways = 'AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, --s3-credentials FILE, or --s3-secret NAME of a Secret with these keys';
  throw new UsageError(`the store wants to know who asks: set ${ways}`);
}

function profileOf(text: string, profile: string): Credentials | undefined {
  let section = '';
  const values: Record<string, string> = {};
  for (const line of text.split('\n')) {
    const heading = /^\s*\[(.+?)\]\s*$/.exec(line)?.[1];
    if (heading !== undefined) section = heading.trim();
    const [, name, value] = /^\s*(\w+)\s*=\s*(.*?)\s*$/.exec(line) ?? [];
    if (section === profile && name !== undefined && value !== undefined) values[name] = value;
  }
  const { aws_access_key_id: accessKeyId, aws_secret_access_key: secretAccessKey, aws_session_token: sessionToken } = values;
  return accessKeyId && secretAccessKey ? { accessKeyId, secretAccessKey, sessionToken } : undefined;
}
