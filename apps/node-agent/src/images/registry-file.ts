// The file that says where images of a registry come from and who this node is there, in the form of k3s' registries.yaml:
//   mirrors: { docker.io: { endpoint: ["https://mirror.example.com"] } }
//   configs: { mirror.example.com: { auth: { username: …, password: … }, tls: { ca_file: … } } }
// What is wrong with it names the field. Pure.
import { parse } from 'yaml';
import type { DockerEntry } from './keyring.ts';

export interface RegistryTls {
  caFile?: string;
  certFile?: string;
  keyFile?: string;
  skipVerify?: boolean;
}

export interface RegistryAccess {
  auth?: DockerEntry;
  tls?: RegistryTls;
}

export interface RegistryFile {
  /** By registry, `*` for all others: URLs, to be tried in this order before the registry itself. */
  mirrors: ReadonlyMap<string, readonly string[]>;
  /** By host, with its port where it is not the usual one. */
  hosts: ReadonlyMap<string, RegistryAccess>;
}

export const noRegistryFile: RegistryFile = { mirrors: new Map(), hosts: new Map() };

const hostPattern = /^([A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:]+\])(:\d{1,5})?$/;
const authKeys = ['username', 'password', 'auth'];
const tlsKeys = ['ca_file', 'cert_file', 'key_file', 'insecure_skip_verify'];

/** @throws Error that names the field */
export function parseRegistryFile(text: string): RegistryFile {
  const content = fieldsOf(parse(text) ?? {}, '', ['mirrors', 'configs']);
  const mirrors = entriesOf(content.mirrors, 'mirrors').map(([registry, value]): [string, string[]] => {
    const path = `mirrors.${registry}`;
    if (registry !== '*') checkHost(registry, path);
    return [registry, endpointsOf(fieldsOf(value, path, ['endpoint']).endpoint, `${path}.endpoint`)];
  });
  const hosts = entriesOf(content.configs, 'configs').map(([host, value]): [string, RegistryAccess] => {
    const path = `configs.${host}`;
    checkHost(host, path);
    const { auth, tls } = fieldsOf(value, path, ['auth', 'tls']);
    return [
      host,
      { ...(auth !== undefined && { auth: authOf(auth, `${path}.auth`) }), ...(tls !== undefined && { tls: tlsOf(tls, `${path}.tls`) }) },
    ];
  });
  return { mirrors: new Map(mirrors), hosts: new Map(hosts) };
}

function endpointsOf(value: unknown, path: string): string[] {
  if (!Array.isArray(value) || value.length === 0)
    throw new Error(`${path}: is not a list of addresses such as https://mirror.example.com`);
  return value.map((endpoint: unknown, index) => {
    const url = typeof endpoint === 'string' && URL.canParse(endpoint) ? new URL(endpoint) : undefined;
    if (!url || !/^https?:$/.test(url.protocol) || url.search !== '' || url.hash !== '')
      throw new Error(`${path}[${index}]: ${JSON.stringify(endpoint)} is not an address such as https://mirror.example.com`);
    if (url.username !== '' || url.password !== '')
      throw new Error(`${path}[${index}]: holds credentials; put them under configs.${url.host}.auth`);
    return url.pathname === '/' ? url.origin : `${url.origin}${url.pathname.replace(/\/$/, '')}`;
  });
}

function authOf(value: unknown, path: string): DockerEntry {
  const fields = fieldsOf(value, path, authKeys);
  for (const [key, text] of Object.entries(fields)) if (typeof text !== 'string') throw new Error(`${path}.${key}: is no text`);
  const auth = fields as DockerEntry;
  if (auth.auth === undefined && auth.username === undefined) throw new Error(`${path}: has neither username and password nor auth`);
  if (auth.auth !== undefined && !Buffer.from(auth.auth, 'base64').toString().includes(':'))
    throw new Error(`${path}.auth: is not base64(username:password)`);
  return auth;
}

function tlsOf(value: unknown, path: string): RegistryTls {
  const { ca_file, cert_file, key_file, insecure_skip_verify } = fieldsOf(value, path, tlsKeys);
  const file = (given: unknown, key: string): string | undefined => {
    if (given === undefined) return undefined;
    if (typeof given !== 'string' || !given.startsWith('/'))
      throw new Error(`${path}.${key}: ${JSON.stringify(given)} is not the whole path of a file`);
    return given;
  };
  if (insecure_skip_verify !== undefined && typeof insecure_skip_verify !== 'boolean')
    throw new Error(`${path}.insecure_skip_verify: is neither true nor false`);
  if ((cert_file === undefined) !== (key_file === undefined)) throw new Error(`${path}: cert_file and key_file go together`);
  const [caFile, certFile, keyFile] = [file(ca_file, 'ca_file'), file(cert_file, 'cert_file'), file(key_file, 'key_file')];
  return {
    ...(caFile !== undefined && { caFile }),
    ...(certFile !== undefined && { certFile }),
    ...(keyFile !== undefined && { keyFile }),
    ...(insecure_skip_verify === true && { skipVerify: true }),
  };
}

function checkHost(host: string, path: string): void {
  if (!hostPattern.test(host)) throw new Error(`${path}: is not the name of a registry such as registry.example.com:5000`);
}

function entriesOf(value: unknown, path: string): [string, unknown][] {
  return value === undefined || value === null ? [] : Object.entries(mapOf(value, path));
}

function fieldsOf(value: unknown, path: string, known: string[]): Record<string, unknown> {
  const map = mapOf(value, path || 'it');
  const unknown = Object.keys(map).find((key) => !known.includes(key));
  if (unknown !== undefined) throw new Error(`${path ? `${path}.` : ''}${unknown}: is not one of ${known.join(', ')}`);
  return map;
}

function mapOf(value: unknown, path: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Error(`${path}: is no map`);
  return value as Record<string, unknown>;
}
