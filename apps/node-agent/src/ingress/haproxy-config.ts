// The proxy's model as HAProxy's files. Pure. Hosts and paths stand in tables only, never in the configuration itself, and whatever the
// configuration holds of a user's comes from `proxy-model.ts`, which lets through nothing but names and addresses.
import { createHash } from 'node:crypto';
import { type Endpoint, endpointText } from '../network/endpoints.ts';
import { anyHost, type ProxyBackend, type ProxyModel, unavailable } from './proxy-model.ts';

export interface ProxyPorts {
  /** Absent: not served. */
  http: number | undefined;
  https: number | undefined;
}

export interface RenderInput {
  model: ProxyModel;
  ports: ProxyPorts;
  /** Servers that each backend has room for, by its name: endpoints come and go among them without a reload. */
  slots: Map<string, number>;
  /** Self-signed, for hosts without a certificate: PEM with its key. */
  fallbackPem: string;
  /** Where the files of a version will lie. */
  folder(version: string): string;
  adminSocket: string;
  metricsSocket: string;
  /** What the workers run as; absent leaves them what the agent is. */
  user: string | undefined;
  threads: number;
}

export interface ProxyFiles {
  /** Of everything but endpoints: the proxy says it of itself (`show info`), so that it is known what runs. */
  version: string;
  /** By name, below the directory. */
  files: Map<string, string>;
}

/** An address of nobody's (RFC 5737), for slots without an endpoint. */
const nowhere = '192.0.2.1:9';
export const mainFile = 'haproxy.cfg';

export function renderProxy(input: RenderInput): ProxyFiles {
  const { model } = input;
  const tables = new Map([
    ['exact.map', table(model.exact)],
    ['prefix.map', table(model.prefix)],
    ['defaults.map', table(model.defaults)],
    ['fallback.pem', input.fallbackPem],
    ...model.certificates.map(({ name, pem }): [string, string] => [`${name}.pem`, pem]),
  ]);
  const version = versionOf(input, tables);
  const folder = input.folder(version);
  const certificates = model.certificates.map(({ name, hosts }) => `${folder}/${name}.pem ${hosts.join(' ')}`);
  const main = [
    ...globalSection(input, version),
    ...frontends(input, folder),
    ...model.backends.flatMap((backend) => backendSection(backend, input.slots.get(backend.name) ?? 0)),
    ...fixedBackends(),
    '',
  ].join('\n');
  const list = [`${folder}/fallback.pem`, ...certificates, ''].join('\n');
  return { version, files: new Map([...tables, ['certificates.list', list], [mainFile, main]]) };
}

/** Room to grow, so that few changes of endpoints need another configuration. @param before what there was room for */
export function slotsFor(endpoints: number, before: number): number {
  if (before > 0 && endpoints <= before) return before;
  return Math.max(slotsMin, 2 ** Math.ceil(Math.log2(endpoints + 1)));
}
const slotsMin = 4;

function versionOf({ ports, slots, model, user, threads }: RenderInput, tables: Map<string, string>): string {
  const backends = model.backends.map(({ name, sticky, http2 }) => [name, sticky, http2, slots.get(name)]);
  const hosts = model.certificates.map((certificate) => [certificate.name, certificate.hosts]);
  const hash = createHash('sha256').update(JSON.stringify([formatVersion, ports, backends, [...tables], hosts, user, threads]));
  return hash.digest('hex').slice(0, 32);
}
/** To be raised whenever the sections below change: an agent of another version then brings its own in force. */
const formatVersion = 1;

function table(entries: Map<string, string>): string {
  return [...entries]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `${key} ${value}\n`)
    .join('');
}

function globalSection({ adminSocket, user, threads, ports }: RenderInput, version: string): string[] {
  const listening = [ports.http, ports.https].filter((port) => port !== undefined);
  return [
    'global',
    `  description ${version} ${listening.join(',')}`,
    `  stats socket unix@${adminSocket} mode 600 level admin expose-fd listeners`,
    '  stats timeout 1m',
    ...(user === undefined ? [] : [`  user ${user}`, `  group ${user}`]),
    `  nbthread ${threads}`,
    // As many connections as that allows; without it, memory for as many as the system allows would be taken.
    '  fd-hard-limit 40000',
    // What began before a reload goes on beside it, for as long as a WebSocket may rest.
    '  hard-stop-after 1h',
    '  mworker-max-reloads 16',
    '  noreuseport',
    '  tune.ssl.default-dh-param 2048',
    '  ssl-default-bind-options ssl-min-ver TLSv1.2 no-tls-tickets',
    'defaults',
    '  mode http',
    '  option http-keep-alive',
    '  option redispatch 1',
    // A connection that rests during a reload is closed after its next answer, never under a request.
    '  option idle-close-on-response',
    '  retries 3',
    '  retry-on conn-failure empty-response',
    '  timeout connect 5s',
    '  timeout http-request 30s',
    '  timeout http-keep-alive 75s',
    '  timeout client 10m',
    '  timeout client-fin 30s',
    '  timeout server 10m',
    '  timeout tunnel 1h',
  ];
}

function frontends({ ports, metricsSocket }: RenderInput, folder: string): string[] {
  const binds = [
    ...(ports.http === undefined ? [] : [`  bind :${ports.http}`]),
    ...(ports.https === undefined ? [] : [`  bind :${ports.https} ssl crt-list ${folder}/certificates.list alpn h2,http/1.1`]),
  ];
  return [
    'frontend metrics',
    `  bind unix@${metricsSocket} mode 600`,
    '  http-request use-service prometheus-exporter',
    ...(binds.length === 0 ? [] : ['frontend ingress', ...binds, ...routingRules(folder)]),
  ];
}

/** For each of host, wildcard and any host: exact paths, then prefixes; then default backends in the same order. */
function routingRules(folder: string): string[] {
  const hosts = ['var(txn.host)', 'var(txn.wildcard)', 'str()'];
  const lookUp = (key: string, converter: string, name: string) =>
    `  http-request set-var(txn.backend) ${key},${converter}(${folder}/${name}.map) if !{ var(txn.backend) -m found }`;
  return [
    '  option forwardfor',
    '  http-request set-var(txn.host) req.hdr(host),host_only,lower,regsub([.]$,)',
    // No host holds these; with them, one host could be taken for another and its path.
    '  http-request deny deny_status 400 if { var(txn.host) -m reg [^]a-z0-9.:_[-] }',
    '  http-request set-var(txn.wildcard) var(txn.host),regsub(^[^.]+,*)',
    '  http-request set-var(txn.path) path',
    '  http-request set-var(txn.elements) path,concat(/)',
    ...hosts.flatMap((host) => [
      lookUp(`${host},concat(,txn.path)`, 'map_str', 'exact'),
      lookUp(`${host},concat(,txn.elements)`, 'map_beg', 'prefix'),
    ]),
    ...['var(txn.host)', 'var(txn.wildcard)', `str(${anyHost})`].map((host) => lookUp(host, 'map_str', 'defaults')),
    // Only what may be sent twice is sent again after it has reached an endpoint.
    '  http-request disable-l7-retry unless { method GET HEAD OPTIONS }',
    '  http-request del-header x-forwarded-for',
    '  http-request set-header x-forwarded-host %[req.hdr(host)]',
    '  http-request set-header x-forwarded-port %[dst_port]',
    '  http-request set-header x-forwarded-proto %[ssl_fc,iif(https,http)]',
    '  use_backend %[var(txn.backend)] if { var(txn.backend) -m found }',
    '  default_backend nothing',
  ];
}

function backendSection({ name, endpoints, sticky, http2 }: ProxyBackend, slots: number): string[] {
  const servers = Array.from({ length: Math.max(slots, endpoints.length) }, (_, index) => serverLine(index, endpoints[index], http2));
  return [`backend ${name}`, ...(sticky ? ['  balance source', '  hash-type consistent'] : ['  balance leastconn']), ...servers];
}

export function serverName(index: number): string {
  return `s${index + 1}`;
}

function serverLine(index: number, endpoint: Endpoint | undefined, http2: boolean): string {
  const address = endpoint ? endpointText(endpoint) : nowhere;
  return `  server ${serverName(index)} ${address}${http2 ? ' proto h2' : ''}${endpoint ? '' : ' disabled'}`;
}

function fixedBackends(): string[] {
  return [
    `backend ${unavailable}`,
    '  http-request return status 503 content-type text/plain string "the service of this path is not there\\n"',
    'backend nothing',
    '  http-request return status 404 content-type text/plain string "no Ingress answers for this host and path\\n"',
  ];
}
