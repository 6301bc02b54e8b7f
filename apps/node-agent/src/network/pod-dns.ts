// A pod's resolv.conf by its dnsPolicy and dnsConfig. (kubernetes.io/docs/concepts/services-networking/dns-pod-service)
import type { Pod } from '@berth/api';

export interface PodDns {
  servers: string[];
  searches: string[];
  options: string[];
}

export interface ClusterNames {
  clusterDns: string;
  clusterDomain: string;
}

const serversMax = 3;
const searchesMax = 32;

/** @param host what this machine's own resolv.conf says */
export function podDns(pod: Pod, cluster: ClusterNames | undefined, host: PodDns): PodDns {
  const base = baseOf(pod, cluster, host);
  const { nameservers = [], searches = [], options = [] } = pod.spec.dnsConfig ?? {};
  const optionTexts = options.map(({ name, value }) => (value === undefined ? (name ?? '') : `${name}:${value}`));
  return {
    servers: distinct([...base.servers, ...nameservers]).slice(0, serversMax),
    searches: distinct([...base.searches, ...searches]).slice(0, searchesMax),
    options: mergedOptions(base.options, optionTexts),
  };
}

function baseOf({ spec, metadata }: Pod, cluster: ClusterNames | undefined, host: PodDns): PodDns {
  if (spec.dnsPolicy === 'None') return { servers: [], searches: [], options: [] };
  const usesHost = spec.dnsPolicy === 'Default' || (spec.hostNetwork && spec.dnsPolicy !== 'ClusterFirstWithHostNet');
  if (usesHost || !cluster) return host;
  const { clusterDns, clusterDomain } = cluster;
  const own = [`${metadata.namespace}.svc.${clusterDomain}`, `svc.${clusterDomain}`, clusterDomain];
  return { servers: [clusterDns], searches: [...own, ...host.searches], options: ['ndots:5'] };
}

/** Later ones replace earlier ones of the same name. */
function mergedOptions(base: string[], more: string[]): string[] {
  const byName = new Map([...base, ...more].map((option) => [option.split(':')[0] ?? option, option]));
  return [...byName.values()];
}

function distinct(values: string[]): string[] {
  return [...new Set(values)];
}

/** resolv.conf(5). */
export function parseResolvConf(text: string): PodDns {
  const dns: PodDns = { servers: [], searches: [], options: [] };
  for (const line of text.split('\n')) {
    const [keyword, ...words] = line.trim().split(/\s+/);
    if (keyword === 'nameserver' && words[0]) dns.servers.push(words[0]);
    // The last of these lines wins.
    if (keyword === 'search' || keyword === 'domain') dns.searches = words;
    if (keyword === 'options') dns.options.push(...words);
  }
  return dns;
}
