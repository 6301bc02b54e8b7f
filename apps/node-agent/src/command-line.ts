// The agent's command line. Whatever is wrong with it is said in one line that names the option.
import { isIP } from 'node:net';
import { join, resolve } from 'node:path';
import { parseJoinToken } from '@berth/protocol';
import type { LogLevel } from '@berth/telemetry';
import { type HostPort, interfaceAddress, type OptionValues, parseHostPort, parseOptions, UsageError } from '@berth/telemetry/command-line';
import { parseTracing, tracingOptions, tracingUsage } from '@berth/telemetry/tracing';
import type { AgentConfig } from './config.ts';
import { defaultEvictionOptions, type EvictionSettings, evictionSettings } from './eviction/thresholds.ts';
import { imageOptions, imageUsage, parseImageOptions } from './images/image-options.ts';
import { parseRegistries, registryOptions, registryUsage } from './images/node-registries.ts';
import { podNetworkModes } from './network/pod-routes-plan.ts';
import { hostName, primaryAddress } from './node/host-facts.ts';
import { podsMaxDefault, podsMaxLimit } from './node/node-object.ts';
import { parseReserved } from './node/reserved-resources.ts';
import { parseTaints } from './node/taints.ts';
import { sysctlNamespace } from './pods/allowed-sysctls.ts';
import { parseRuntime, runtimeOptions, runtimeUsage } from './runtime-options.ts';
import { parseShutdown, shutdownOptions, shutdownUsage } from './shutdown/shutdown-options.ts';

export const usage = `usage: node-agent --data-dir DIRECTORY --server URL [options]
  --config FILE               more options, in YAML, under these names
  --data-dir DIRECTORY        certificates, containerd, pods' folders, local volumes
  --server URL                the control plane, such as https://192.0.2.1; its port for agents is 6444 unless it is named
  --gateway HOST:PORT         the same, as an address
  --token TOKEN               as \`berth token join\` prints it; or in the variable BERTH_JOIN_TOKEN; for the first start only
  --node-name NAME            default: this machine's name
  --node-ip ADDRESS           default: this machine's first address that is not a loopback
  --interface NAME            whose address is the node's
  --pod-network auto|routes|vxlan how pods reach those of other nodes: routes between nodes on one network, VXLAN (UDP 4789) between
                              others; auto, the default, is routes where they can be
  --instance ID               distinguishes agents on one machine, at most 9 letters and digits (default 0)
  --ingress-http-port PORT    where Ingresses are served over HTTP, default 80; 0: nowhere
  --ingress-https-port PORT   where they are over HTTPS, default 443; 0: nowhere
  --metrics-address HOST:PORT metrics and health over HTTP, default 127.0.0.1:6445
${runtimeUsage}
  --log-directory DIRECTORY   gets pods/ and containers/ with their logs, for log collectors: /var/log. Default: in the data directory
  --node-labels KEY=VALUE,... labels to register with
  --register-with-taints KEY=VALUE:EFFECT,... taints that the node has from the beginning; later, users set them
  --max-pods N                pods that run here at a time (default ${podsMaxDefault}, at most ${podsMaxLimit})
  --system-reserved cpu=QUANTITY,memory=QUANTITY,ephemeral-storage=QUANTITY what pods may not count on (default: a tenth of a
                              core, a tenth of memory up to 1Gi, and what pods would be evicted for)
  --allowed-unsafe-sysctls NAME,... kernel settings that pods may have besides the safe ones; net.* and the like
  --pod-manifest-path DIRECTORY pods that the node runs by itself, one file each, in YAML or JSON; default: manifests in the data directory
  --eviction-hard SIGNAL<VALUE,...                 when pods are evicted at once; default: the kubelet's
  --eviction-soft SIGNAL<VALUE,...                 when they are after a grace period
  --eviction-soft-grace-period SIGNAL=DURATION,... that grace period, for each soft threshold
  --eviction-minimum-reclaim SIGNAL=VALUE,...      how much more there has to be until it is good again
  --eviction-max-pod-grace-period SECONDS          the most that pods are given under a soft threshold (default 0)
  --eviction-pressure-transition-period DURATION   how long a node's condition stays after it was last seen (default 5m0s)
${imageUsage}
${registryUsage}
${shutdownUsage}
${tracingUsage}
  --log-level LEVEL           debug, info (default), warn, error
  --check                     instead of running: only say whether all of this is right
  --import-image FILE         instead of running: an archive's images for this node's containerd
  --tear-down                 instead of running: remove pods, containerd, mounts and network; volumes' data stays
  --help`;

const logLevels: LogLevel[] = ['debug', 'info', 'warn', 'error'];
/** Where the control plane listens for agents, unless it is told otherwise. */
const gatewayPort = 6444;
const instancePattern = /^[a-z0-9]{1,9}$/;

const options = {
  config: { type: 'string' },
  'data-dir': { type: 'string' },
  server: { type: 'string' },
  gateway: { type: 'string' },
  token: { type: 'string' },
  'join-token': { type: 'string' },
  'node-name': { type: 'string' },
  'node-ip': { type: 'string' },
  interface: { type: 'string' },
  'pod-network': { type: 'string', default: 'auto' },
  instance: { type: 'string', default: '0' },
  'ingress-http-port': { type: 'string', default: '80' },
  'ingress-https-port': { type: 'string', default: '443' },
  'metrics-address': { type: 'string', default: '127.0.0.1:6445' },
  ...runtimeOptions,
  'log-directory': { type: 'string' },
  'node-labels': { type: 'string' },
  'register-with-taints': { type: 'string' },
  'max-pods': { type: 'string', default: String(podsMaxDefault) },
  'system-reserved': { type: 'string' },
  'allowed-unsafe-sysctls': { type: 'string' },
  'pod-manifest-path': { type: 'string' },
  'eviction-hard': { type: 'string', default: defaultEvictionOptions.hard },
  'eviction-soft': { type: 'string', default: '' },
  'eviction-soft-grace-period': { type: 'string', default: '' },
  'eviction-minimum-reclaim': { type: 'string', default: '' },
  'eviction-max-pod-grace-period': { type: 'string', default: '0' },
  'eviction-pressure-transition-period': { type: 'string', default: defaultEvictionOptions.pressureTransitionPeriod },
  ...imageOptions,
  ...registryOptions,
  ...shutdownOptions,
  ...tracingOptions,
  'log-level': { type: 'string', default: 'info' },
  check: { type: 'boolean', default: false },
  'import-image': { type: 'string' },
  'tear-down': { type: 'boolean', default: false },
  help: { type: 'boolean', short: 'h', default: false },
} as const;

export interface AgentCommandLine {
  config: AgentConfig;
  logLevel: LogLevel;
  tearDown: boolean;
  /** There is nothing to do but to say that the options are right. */
  checkOnly: boolean;
  /** An archive, to be imported instead of running. */
  importImage: string | undefined;
}

type Values = OptionValues<typeof options>;

/** Undefined when help was asked for. @throws UsageError */
export function parseCommandLine(argv: string[], environment: NodeJS.ProcessEnv): AgentCommandLine | undefined {
  return parseOptions(argv, options, (values) => (values.help ? undefined : commandLine(values, environment)));
}

function commandLine(values: Values, environment: NodeJS.ProcessEnv): AgentCommandLine {
  if (!values['data-dir']) throw new UsageError('--data-dir is required: say where containers, volumes and certificates are kept');
  if (!instancePattern.test(values.instance)) {
    throw new UsageError(`--instance: ${JSON.stringify(values.instance)} is not 1 to 9 lower-case letters and digits`);
  }
  const podNetwork = podNetworkModes.find((mode) => mode === values['pod-network']);
  if (!podNetwork)
    throw new UsageError(`--pod-network: ${JSON.stringify(values['pod-network'])} is not one of ${podNetworkModes.join(', ')}`);
  const logLevel = logLevels.find((level) => level === values['log-level']);
  if (!logLevel) throw new UsageError(`--log-level: ${JSON.stringify(values['log-level'])} is not one of ${logLevels.join(', ')}`);
  const config: AgentConfig = {
    nodeName: values['node-name'] ?? hostName(),
    dataDirectory: resolve(values['data-dir']),
    gateway: parseGateway(values),
    joinToken: parseToken(values) ?? environment.BERTH_JOIN_TOKEN,
    nodeIp: parseNodeIp(values),
    podNetwork,
    instance: values.instance,
    ingressPorts: parseIngressPorts(values),
    metricsAddress: parseHostPort('--metrics-address', values['metrics-address'], '127.0.0.1:6445'),
    ...parseRuntime(values),
    logDirectory: values['log-directory'] === undefined ? undefined : resolve(values['log-directory']),
    labels: parseLabels(values['node-labels']),
    taints: parseTaints('--register-with-taints', values['register-with-taints']),
    podsMax: parsePodsMax(values['max-pods']),
    reserved: parseReserved('--system-reserved', values['system-reserved']),
    allowedUnsafeSysctls: parseSysctls(values['allowed-unsafe-sysctls']),
    eviction: parseEviction(values),
    podManifests: resolve(values['pod-manifest-path'] ?? join(values['data-dir'], 'manifests')),
    images: parseImageOptions(values),
    registries: parseRegistries(values),
    shutdown: parseShutdown(values),
    ...parseTracing(values),
  };
  return { config, logLevel, tearDown: values['tear-down'], checkOnly: values.check, importImage: values['import-image'] };
}

export function parseGateway({
  server,
  gateway,
  'tear-down': tearDown,
  'import-image': image,
}: Pick<Values, 'server' | 'gateway' | 'tear-down' | 'import-image'>): HostPort {
  if (server !== undefined && gateway !== undefined)
    throw new UsageError('--server and --gateway exclude each other: leave one of them out');
  if (gateway !== undefined) return parseHostPort('--gateway', gateway, `127.0.0.1:${gatewayPort}`);
  // Whoever removes a node, or gives it an image, needs no control plane.
  if (server === undefined && (tearDown || image !== undefined)) return { host: '127.0.0.1', port: gatewayPort };
  if (server === undefined) throw new UsageError('--server is required: say where the control plane is, such as https://192.0.2.1');
  const url = URL.canParse(server) ? new URL(server) : undefined;
  if (url?.protocol !== 'https:' || url.hostname === '' || !/^\/?$/.test(url.pathname) || url.search !== '')
    throw new UsageError(`--server: ${JSON.stringify(server)} is not https://HOST or https://HOST:PORT`);
  const port = url.port === '' ? gatewayPort : Number(url.port);
  return { host: url.hostname.replace(/^\[(.*)\]$/, '$1'), port };
}

function parseToken(values: Values): string | undefined {
  const option = values.token === undefined ? 'join-token' : 'token';
  const text = values[option];
  try {
    return text === undefined ? undefined : parseJoinToken(text).text;
  } catch (error) {
    throw new UsageError(`--${option}: ${(error as Error).message}`);
  }
}

function parseNodeIp(values: Values): string {
  if (values.interface !== undefined && values['node-ip'] !== undefined)
    throw new UsageError('--interface and --node-ip exclude each other: leave one of them out');
  if (values.interface !== undefined) return interfaceAddress('--interface', values.interface);
  const nodeIp = values['node-ip'] ?? primaryAddress();
  if (isIP(nodeIp) !== 4) throw new UsageError(`--node-ip: ${JSON.stringify(nodeIp)} is not an IPv4 address`);
  return nodeIp;
}

function parsePodsMax(text: string): number {
  if (!/^[1-9]\d{0,3}$/.test(text) || Number(text) > podsMaxLimit)
    throw new UsageError(
      `--max-pods: ${JSON.stringify(text)} is not a number from 1 to ${podsMaxLimit}, as many as a node has addresses for`,
    );
  return Number(text);
}

function parseIngressPorts(values: Values): AgentConfig['ingressPorts'] {
  const port = (option: 'ingress-http-port' | 'ingress-https-port') => {
    const text = values[option];
    if (!/^\d{1,5}$/.test(text) || Number(text) > 65_535)
      throw new UsageError(`--${option}: ${JSON.stringify(text)} is not a port from 1 to 65535, or 0 for none`);
    return Number(text) || undefined;
  };
  const ports = { http: port('ingress-http-port'), https: port('ingress-https-port') };
  if (ports.http !== undefined && ports.http === ports.https)
    throw new UsageError(`--ingress-https-port: ${ports.https} is the port of --ingress-http-port; give it another`);
  return ports;
}

function parseLabels(text: string | undefined): Record<string, string> {
  const pairs = (text ?? '').split(',').filter((pair) => pair !== '');
  const wrong = pairs.find((pair) => !/^[^=]+=[^=]*$/.test(pair));
  if (wrong !== undefined) throw new UsageError(`--node-labels: ${JSON.stringify(wrong)} is not KEY=VALUE`);
  return Object.fromEntries(pairs.map((pair) => pair.split('=') as [string, string]));
}

function parseSysctls(text: string | undefined): string[] {
  const names = (text ?? '').split(',').filter((name) => name !== '');
  const wrong = names.find((name) => !sysctlNamespace(name));
  const why = 'is not a setting that the kernel keeps apart for each pod, such as net.core.somaxconn or kernel.msg*';
  if (wrong !== undefined) throw new UsageError(`--allowed-unsafe-sysctls: ${JSON.stringify(wrong)} ${why}`);
  return names;
}

function parseEviction(values: Values): EvictionSettings {
  const maxPodGraceSeconds = Number(values['eviction-max-pod-grace-period']);
  if (!Number.isInteger(maxPodGraceSeconds) || maxPodGraceSeconds < 0)
    throw new UsageError(
      `--eviction-max-pod-grace-period: ${JSON.stringify(values['eviction-max-pod-grace-period'])} is no number of seconds`,
    );
  try {
    return evictionSettings({
      hard: values['eviction-hard'],
      soft: values['eviction-soft'],
      softGracePeriod: values['eviction-soft-grace-period'],
      minimumReclaim: values['eviction-minimum-reclaim'],
      maxPodGraceSeconds,
      pressureTransitionPeriod: values['eviction-pressure-transition-period'],
    });
  } catch (error) {
    throw new UsageError(`--eviction-…: ${(error as Error).message}`);
  }
}
