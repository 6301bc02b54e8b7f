// The control plane's command line. Whatever is wrong with it is said in one line that names the option.
import { isIP } from 'node:net';
import { join, resolve } from 'node:path';
import { loginOptions, loginUsage, parseLogin, parseProvider, providerOptions, providerUsage } from '@berth/apiserver';
import { AddressPool } from '@berth/controllers';
import { interfaceAddress, type OptionValues, parseCount, parseHostPort, parseOptions, UsageError } from '@berth/telemetry/command-line';
import { parseTracing, tracingOptions, tracingUsage } from '@berth/telemetry/tracing';
import { auditOptions, auditUsage, parseAudit } from './audit-options.ts';
import { type ControlPlaneConfig, defaultConfig, type EtcdFiles, logLevels, type Role, roles } from './config.ts';
import { featureOptions, featureUsage, parseFeatures } from './feature-options.ts';

export const usage = `usage: control-plane --data-dir DIRECTORY [options]
  --config FILE               more options, in YAML, under these names
  --data-dir DIRECTORY        certificates, the embedded store, admin.kubeconfig
  --store DRIVER              sqlite (default), memory, or etcd
  --etcd-endpoints URLS       comma-separated, with --store etcd (default http://127.0.0.1:2379)
  --etcd-cafile FILE          whom etcd's certificate must come from, with https:// endpoints
  --etcd-certfile FILE        this client's certificate for etcd, with --etcd-keyfile
  --etcd-keyfile FILE
  --encryption-config FILE    keys that secrets are encrypted with (default: encryption.yaml in the data directory)
${auditUsage}
${tracingUsage}
  --roles ROLES               comma-separated: ${roles.join(', ')} (default: all)
  --api-address HOST:PORT     default ${hostPort(defaultConfig.apiAddress)}
  --advertise-address ADDRESS:PORT where pods reach the API, which listens there as well (default: the API's address, if that is no loopback)
  --interface NAME            whose address is advertised, with the API's port
  --gateway-address HOST:PORT default ${hostPort(defaultConfig.gatewayAddress)}
  --extra-names NAMES         more names and addresses for the serving certificates
  --cluster-cidr CIDR         pod addresses, default ${defaultConfig.podCidr}
  --service-cidr CIDR         service addresses, default ${defaultConfig.serviceCidr}
  --cluster-dns ADDRESS       default ${defaultConfig.clusterDns}
  --cluster-domain NAME       default ${defaultConfig.clusterDomain}
  --load-balancer-pool RANGES comma-separated, e.g. 192.0.2.240-192.0.2.250,10.9.0.0/28: addresses for services of type LoadBalancer, of
                              the network that nodes are on (default: the addresses of nodes)
  --node-port-range FROM-TO   default ${defaultConfig.nodePortRange.from}-${defaultConfig.nodePortRange.to}
  --max-requests-inflight N   requests that run at a time (default ${defaultConfig.requestsInFlightMax})
  --image-registry URL        e.g. http://localhost:5055: a registry that nodes pull from by this host, and that the API passes what comes
                              at /v2/ to, for builds; who may push what, RBAC says
  --service-account-issuer URL issues service accounts' tokens; may be repeated, the first one signs
                              (default ${defaultConfig.serviceAccountIssuers[0]})
  --api-audiences NAMES       whom tokens must be meant for (default: the issuers)
  --authentication-config FILE identity providers, instead of the --oidc options
${providerUsage}
${loginUsage}
${featureUsage}
  --disable-agent             of \`berth server\`: this machine is no node
  --log-level LEVEL           debug, info (default), warn, error
  --check                     instead of running: only say whether all of this is right
  --restore FILE              instead of running: make data directory and store, which have to be empty, of a backup
  --help`;

export interface CommandLine {
  config: ControlPlaneConfig;
  logLevel: (typeof logLevels)[number];
  /** There is nothing to do but to say that the options are right. */
  checkOnly: boolean;
  /** A backup, to be restored instead of running. */
  restore?: string;
}

const options = {
  config: { type: 'string' },
  'data-dir': { type: 'string' },
  store: { type: 'string', default: 'sqlite' },
  'etcd-endpoints': { type: 'string' },
  'etcd-cafile': { type: 'string' },
  'etcd-certfile': { type: 'string' },
  'etcd-keyfile': { type: 'string' },
  'encryption-config': { type: 'string' },
  ...auditOptions,
  ...tracingOptions,
  roles: { type: 'string' },
  'api-address': { type: 'string' },
  'advertise-address': { type: 'string' },
  interface: { type: 'string' },
  'gateway-address': { type: 'string' },
  'extra-names': { type: 'string' },
  'cluster-cidr': { type: 'string' },
  'service-cidr': { type: 'string' },
  'cluster-dns': { type: 'string' },
  'cluster-domain': { type: 'string' },
  'load-balancer-pool': { type: 'string' },
  'node-port-range': { type: 'string' },
  'image-registry': { type: 'string' },
  'service-account-issuer': { type: 'string', multiple: true },
  'api-audiences': { type: 'string' },
  'authentication-config': { type: 'string' },
  ...providerOptions,
  ...loginOptions,
  ...featureOptions,
  'max-requests-inflight': { type: 'string', default: String(defaultConfig.requestsInFlightMax) },
  check: { type: 'boolean', default: false },
  restore: { type: 'string' },
  'disable-agent': { type: 'boolean', default: false },
  'log-level': { type: 'string', default: 'info' },
  help: { type: 'boolean', short: 'h', default: false },
} as const;

type Values = OptionValues<typeof options>;

/** Undefined when help was asked for. @throws UsageError */
export function parseCommandLine(argv: string[]): CommandLine | undefined {
  return parseOptions(argv, options, commandLine);
}

function commandLine(values: Values): CommandLine | undefined {
  if (values.help) return undefined;
  const dataDirectory = values['data-dir'];
  if (!dataDirectory) throw new UsageError('--data-dir is required: say where certificates and state are kept');
  const apiAddress = parseAddress('--api-address', values['api-address']) ?? defaultConfig.apiAddress;
  const config: ControlPlaneConfig = {
    roles: parseRoles(values.roles),
    dataDirectory: resolve(dataDirectory),
    store: parseStore(values, resolve(dataDirectory)),
    ...(values['encryption-config'] && { encryptionConfig: resolve(values['encryption-config']) }),
    ...parseAudit(values, resolve(dataDirectory)),
    ...parseTracing(values),
    apiAddress,
    ...parseAdvertised(values, apiAddress.port),
    gatewayAddress: parseAddress('--gateway-address', values['gateway-address']) ?? defaultConfig.gatewayAddress,
    extraNames: list(values['extra-names']),
    podCidr: parseCidr('--cluster-cidr', values['cluster-cidr']) ?? defaultConfig.podCidr,
    serviceCidr: parseCidr('--service-cidr', values['service-cidr']) ?? defaultConfig.serviceCidr,
    clusterDns: parseIp('--cluster-dns', values['cluster-dns']) ?? defaultConfig.clusterDns,
    clusterDomain: values['cluster-domain'] ?? defaultConfig.clusterDomain,
    ...parsePool(values),
    ...parseRegistry(values['image-registry']),
    ...parseIssuers(values),
    ...parseAuthentication(values),
    ...parseLogin(values),
    ...parseFeatures(values),
    nodePortRange: parsePorts(values['node-port-range']),
    requestsInFlightMax: parseCount('--max-requests-inflight', values['max-requests-inflight']),
  };
  const restore = values.restore === undefined ? {} : { restore: resolve(values.restore) };
  return { config, logLevel: oneOf('--log-level', values['log-level'], logLevels), checkOnly: values.check, ...restore };
}

function parseStore(values: Values, dataDirectory: string): ControlPlaneConfig['store'] {
  const driver = oneOf('--store', values.store, ['sqlite', 'memory', 'etcd'] as const);
  const lone = (['etcd-endpoints', 'etcd-cafile', 'etcd-certfile', 'etcd-keyfile'] as const).find((name) => values[name] !== undefined);
  if (driver !== 'etcd' && lone) throw new UsageError(`--${lone} means nothing with --store ${driver}: leave it out, or use --store etcd`);
  if (driver === 'memory') return { driver };
  if (driver === 'sqlite') return { driver, file: join(dataDirectory, 'store.sqlite') };
  const endpoints = list(values['etcd-endpoints'] ?? 'http://127.0.0.1:2379');
  const wrong = endpoints.find((endpoint) => !URL.canParse(endpoint) || !/^https?:/.test(endpoint));
  if (wrong !== undefined || endpoints.length === 0) {
    throw new UsageError(`--etcd-endpoints: ${JSON.stringify(wrong ?? '')} is not a URL such as http://127.0.0.1:2379`);
  }
  return { driver, endpoints, ...parseEtcdFiles(values, endpoints) };
}

function parseEtcdFiles(values: Values, endpoints: string[]): { tls?: EtcdFiles } {
  const [caFile, certificateFile, keyFile] = [values['etcd-cafile'], values['etcd-certfile'], values['etcd-keyfile']];
  if ((certificateFile === undefined) !== (keyFile === undefined)) throw new UsageError('--etcd-certfile and --etcd-keyfile go together');
  if (caFile === undefined && certificateFile === undefined) return {};
  if (caFile === undefined) throw new UsageError("--etcd-certfile goes with --etcd-cafile: name whom etcd's certificate must come from");
  const plain = endpoints.find((endpoint) => endpoint.startsWith('http:'));
  if (plain) throw new UsageError(`--etcd-endpoints: ${plain} is not encrypted, so --etcd-cafile means nothing: use https://`);
  const pair = certificateFile && keyFile ? { certificateFile: resolve(certificateFile), keyFile: resolve(keyFile) } : {};
  return { tls: { caFile: resolve(caFile), ...pair } };
}

function parseIssuers(values: Values): Pick<ControlPlaneConfig, 'serviceAccountIssuers' | 'apiAudiences'> {
  const serviceAccountIssuers = values['service-account-issuer'] ?? defaultConfig.serviceAccountIssuers;
  const wrong = serviceAccountIssuers.find((issuer) => !URL.canParse(issuer) || !issuer.startsWith('https://'));
  if (wrong !== undefined) throw new UsageError(`--service-account-issuer: ${JSON.stringify(wrong)} is not an https URL`);
  const audiences = list(values['api-audiences']);
  return { serviceAccountIssuers, apiAudiences: audiences.length > 0 ? audiences : serviceAccountIssuers };
}

function parseAuthentication(values: Values): Pick<ControlPlaneConfig, 'authentication'> {
  const provider = parseProvider(values);
  const file = values['authentication-config'];
  if (provider && file)
    throw new UsageError('--authentication-config and --oidc-issuer-url exclude each other: put the provider into the file');
  if (file) return { authentication: { file: resolve(file) } };
  return provider ? { authentication: { provider } } : {};
}

function parseRoles(text: string | undefined): Role[] {
  if (text === undefined) return defaultConfig.roles;
  const chosen = list(text).map((name) => oneOf('--roles', name, roles));
  if (chosen.length === 0) throw new UsageError(`--roles: name at least one of ${roles.join(', ')}`);
  return [...new Set(chosen)];
}

function parseAddress(option: string, text: string | undefined): { host: string; port: number } | undefined {
  return text === undefined ? undefined : parseHostPort(option, text, '127.0.0.1:6443');
}

/** Endpoints may not hold what means another machine to each who reads it. */
function parseAdvertised(values: Values, port: number): Pick<ControlPlaneConfig, 'advertiseAddress'> {
  if (values.interface !== undefined && values['advertise-address'] !== undefined)
    throw new UsageError('--interface and --advertise-address exclude each other: leave one of them out');
  if (values.interface !== undefined) return { advertiseAddress: { host: interfaceAddress('--interface', values.interface), port } };
  const advertiseAddress = parseAddress('--advertise-address', values['advertise-address']);
  if (!advertiseAddress) return {};
  const { host } = advertiseAddress;
  if (isIP(host) !== 4 || /^(127|0|169\.254)\./.test(host)) {
    throw new UsageError(
      `--advertise-address: ${JSON.stringify(host)} is not an IPv4 address that pods can reach; loopback and link-local are not`,
    );
  }
  return { advertiseAddress };
}

function parseCidr(option: string, text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  const [address = '', bits = ''] = text.split('/');
  if (isIP(address) !== 4 || !/^\d{1,2}$/.test(bits) || Number(bits) < 8 || Number(bits) > 30) {
    throw new UsageError(`${option}: ${JSON.stringify(text)} is not an IPv4 network of /8 to /30, such as 10.96.0.0/16`);
  }
  return text;
}

/** None of its addresses may mean something else in the cluster already. */
function parsePool(values: Values): Pick<ControlPlaneConfig, 'loadBalancerPool'> {
  const option = '--load-balancer-pool';
  const text = values['load-balancer-pool'];
  if (text === undefined) return {};
  let loadBalancerPool: AddressPool;
  try {
    loadBalancerPool = AddressPool.parse(text);
  } catch (error) {
    throw new UsageError(`${option}: ${(error as Error).message}`, { cause: error });
  }
  const addresses = ['advertise-address', 'api-address', 'gateway-address'] as const;
  const others = [
    ['--cluster-cidr', values['cluster-cidr'] ?? defaultConfig.podCidr],
    ['--service-cidr', values['service-cidr'] ?? defaultConfig.serviceCidr],
    ['--cluster-dns', `${values['cluster-dns'] ?? defaultConfig.clusterDns}/32`],
    ...addresses.map((name) => [`--${name}`, `${values[name]?.split(':')[0]}/32`]),
  ] as [string, string][];
  for (const [name, range] of others) {
    const part = loadBalancerPool.overlapWith(range);
    if (part)
      throw new UsageError(`${option}: ${part} overlaps with ${name} ${range.replace(/\/32$/, '')}: name addresses that nothing else has`);
  }
  return { loadBalancerPool };
}

function parseRegistry(text: string | undefined): Pick<ControlPlaneConfig, 'imageRegistry'> {
  if (text === undefined) return {};
  const imageRegistry = URL.canParse(text) ? new URL(text) : undefined;
  if (!imageRegistry || !/^https?:$/.test(imageRegistry.protocol) || imageRegistry.pathname !== '/')
    throw new UsageError(`--image-registry: ${JSON.stringify(text)} is not a URL without a path, such as http://localhost:5055`);
  return { imageRegistry };
}

function parseIp(option: string, text: string | undefined): string | undefined {
  if (text !== undefined && isIP(text) !== 4) throw new UsageError(`${option}: ${JSON.stringify(text)} is not an IPv4 address`);
  return text;
}

function parsePorts(text: string | undefined): { from: number; to: number } {
  if (text === undefined) return defaultConfig.nodePortRange;
  const [from = Number.NaN, to = Number.NaN] = text.split('-').map(Number);
  if (!(Number.isInteger(from) && Number.isInteger(to) && from >= 1 && from <= to && to <= 65_535)) {
    throw new UsageError(`--node-port-range: ${JSON.stringify(text)} is not FROM-TO, such as 30000-32767`);
  }
  return { from, to };
}

function oneOf<T extends string>(option: string, value: string, allowed: readonly T[]): T {
  const found = allowed.find((known) => known === value);
  if (!found) throw new UsageError(`${option}: ${JSON.stringify(value)} is not one of ${allowed.join(', ')}`);
  return found;
}

function list(text: string | undefined): string[] {
  return (text ?? '')
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
}

function hostPort({ host, port }: { host: string; port: number }): string {
  return `${host}:${port}`;
}
