// Which name servers the cluster's own pass names on to, as people say it to the DNS of Kubernetes: in the ConfigMaps of kube-system that CoreDNS
// (`coredns`, with the `coredns-custom` of k3s and others) and kube-dns (`kube-dns`) read. Pure.
import type { ConfigMap } from '../generated/core-v1.types.ts';
import { dnsSubdomain } from '../validation/names.ts';
import { CorefileError } from './corefile.ts';
import { corefileServers, overrideServers } from './corefile-servers.ts';
import { serverAddress } from './server-address.ts';
import type { NameServerReading, NameServerSettings, StubDomain } from './settings.ts';

/** Something in the ConfigMap cannot be followed. Says where, and what would be right. */
export class NameServerError extends Error {}

const namespace = 'kube-system';
/** Where two say something of the same, the first counts. */
export const nameServerConfigMaps = ['coredns', 'coredns-custom', 'kube-dns'] as const;
export type NameServerConfigMap = (typeof nameServerConfigMaps)[number];

export const stubDomainsMax = 1_000;
const upstreamsMax = 3;

/** @returns which of them this is */
export function nameServerConfigMap({ metadata }: Pick<ConfigMap, 'metadata'>): NameServerConfigMap | undefined {
  return metadata.namespace === namespace ? nameServerConfigMaps.find((name) => name === metadata.name) : undefined;
}

/** @param configMap one of these. @throws NameServerError */
export function readNameServers({ metadata, data = {} }: Pick<ConfigMap, 'metadata' | 'data'>): NameServerReading {
  const reading = reader(metadata.name)(data);
  if (reading.settings.stubs.length > stubDomainsMax) throw new NameServerError(`${metadata.name}: at most ${stubDomainsMax} domains`);
  return reading;
}

/** @param settings the ones that count more come first */
export function mergedNameServers(settings: NameServerSettings[]): NameServerSettings {
  const upstreams = settings.find((each) => each.upstreams)?.upstreams;
  const byDomain = new Map<string, StubDomain>();
  for (const stub of settings.flatMap(({ stubs }) => stubs)) if (!byDomain.has(stub.domain)) byDomain.set(stub.domain, stub);
  return { ...(upstreams && { upstreams }), stubs: [...byDomain.values()] };
}

/** For whoever writes one: what is wrong, and what does nothing. */
export function nameServerWarnings(configMap: ConfigMap): string[] {
  if (nameServerConfigMap(configMap) === undefined) return [];
  try {
    return readNameServers(configMap).idle;
  } catch (error) {
    if (!(error instanceof NameServerError)) throw error;
    return [`${error.message}; name servers go on as they are`];
  }
}

type Data = Record<string, string>;

function reader(name: string): (data: Data) => NameServerReading {
  if (name === 'kube-dns') return fromKubeDns;
  return name === 'coredns' ? fromCorefile : fromCustom;
}

function fromCorefile({ Corefile = '' }: Data): NameServerReading {
  return locating('data[Corefile]', () => corefileServers(Corefile));
}

/** Each key is a file that a Corefile would import: into the block of all names, or beside the blocks. */
function fromCustom(data: Data): NameServerReading {
  const readings = Object.keys(data)
    .sort()
    .flatMap((key) => {
      if (key.endsWith('.override')) return locating(`data[${key}]`, () => overrideServers(data[key] ?? ''));
      return key.endsWith('.server') ? locating(`data[${key}]`, () => corefileServers(data[key] ?? '')) : [];
    });
  return { settings: mergedNameServers(readings.map(({ settings }) => settings)), idle: readings.flatMap(({ idle }) => idle) };
}

function locating(field: string, read: () => NameServerReading): NameServerReading {
  try {
    const { settings, idle } = read();
    return { settings, idle: idle.map((each) => `${field}: ${each}`) };
  } catch (error) {
    if (error instanceof CorefileError) throw new NameServerError(`${field}: ${error.message}`);
    throw error;
  }
}

/** (github.com/kubernetes/dns/blob/master/docs/sidecar and pkg/dns/config) */
function fromKubeDns(data: Data): NameServerReading {
  const stubs = Object.entries(parsed(data, 'stubDomains', isObjectOfLists, 'an object of lists: {"acme.local": ["10.0.0.1"]}') ?? {}).map(
    ([name, servers]) => {
      const field = `data[stubDomains][${name}]`;
      const domain = name.toLowerCase().replace(/\.$/, '');
      if (dnsSubdomain(domain).length > 0) throw new NameServerError(`${field}: this is no name of a domain`);
      if (servers.length === 0) throw new NameServerError(`${field}: it names no server`);
      return { domain, servers: servers.map((server) => addressIn(server, field)) };
    },
  );
  const names = parsed(data, 'upstreamNameservers', isList, 'a list: ["10.0.0.1"]');
  if (names && names.length > upstreamsMax) throw new NameServerError(`data[upstreamNameservers]: at most ${upstreamsMax} servers`);
  const upstreams = names?.map((server) => addressIn(server, 'data[upstreamNameservers]'));
  const idle = parsed(data, 'federations', isObject, 'an object')
    ? ['data[federations]: federations are no more, and nothing acts on this']
    : [];
  return { settings: { ...(upstreams && upstreams.length > 0 && { upstreams }), stubs }, idle };
}

function parsed<T>(data: Data, key: string, is: (value: unknown) => value is T, form: string): T | undefined {
  const text = data[key];
  if (text === undefined || text.trim() === '') return undefined;
  try {
    const value: unknown = JSON.parse(text);
    if (is(value)) return value;
  } catch {
    // What is said below is said of both.
  }
  throw new NameServerError(`data[${key}]: this is to be JSON, ${form}`);
}

function addressIn(server: string, field: string): string {
  const address = serverAddress(server);
  if (address === undefined)
    throw new NameServerError(`${field}: ${JSON.stringify(server)} is no address of a server, such as 10.0.0.1 or 10.0.0.1:53`);
  return address;
}

function isList(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((each) => typeof each === 'string');
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isObjectOfLists(value: unknown): value is Record<string, string[]> {
  return isObject(value) && Object.values(value).every(isList);
}
