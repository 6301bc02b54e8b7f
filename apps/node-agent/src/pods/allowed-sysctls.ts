// Which kernel settings a pod may have: those that are known to touch no other pod, and those that the node's operator allows.
// (kubernetes.io/docs/tasks/administer-cluster/sysctl-cluster)

/** Namespaced, and without influence on other pods of the node; kernels of today have all of them. */
export const safeSysctls = [
  'kernel.shm_rmid_forced',
  'net.ipv4.ip_local_port_range',
  'net.ipv4.tcp_syncookies',
  'net.ipv4.ping_group_range',
  'net.ipv4.ip_unprivileged_port_start',
  'net.ipv4.ip_local_reserved_ports',
  'net.ipv4.tcp_keepalive_time',
  'net.ipv4.tcp_fin_timeout',
  'net.ipv4.tcp_keepalive_intvl',
  'net.ipv4.tcp_keepalive_probes',
  'net.ipv4.tcp_rmem',
  'net.ipv4.tcp_wmem',
];

/** Prefixes, with the namespace that holds what is below them. */
const namespaces: [RegExp, 'IPC' | 'Net'][] = [
  [/^net\./, 'Net'],
  [/^fs\.mqueue\./, 'IPC'],
  [/^kernel\.(sem|shm|msg|shmall|shmmax|shmmni|shm_rmid_forced|msgmax|msgmnb|msgmni)\*?$/, 'IPC'],
];

/** Undefined for one that the kernel does not keep apart for each pod; it cannot be allowed. @param pattern a name, or one that ends in `*` */
export function sysctlNamespace(pattern: string): 'IPC' | 'Net' | undefined {
  const name = normalized(pattern);
  return namespaces.find(([prefix]) => prefix.test(name))?.[1];
}

/** Why a pod may not have a setting; undefined when it may. @param allowed names, or patterns that end in `*` */
export function forbiddenSysctl(sysctl: string, allowed: readonly string[], host: { network: boolean; ipc: boolean }): string | undefined {
  const name = normalized(sysctl);
  const match = allowed.map(normalized).find((one) => (one.endsWith('*') ? name.startsWith(one.slice(0, -1)) : one === name));
  if (match === undefined) return `${JSON.stringify(name)} not allowlisted`;
  const namespace = sysctlNamespace(match);
  const isHosts = (namespace === 'IPC' && host.ipc) || (namespace === 'Net' && host.network);
  return isHosts ? `${JSON.stringify(name)} not allowed with host ${namespace} enabled` : undefined;
}

/** With `/` between its parts, a name may have dots within them. */
function normalized(name: string): string {
  const firstMark = /[./]/.exec(name)?.[0];
  return firstMark === '/' ? name.replace(/[./]/g, (mark) => (mark === '/' ? '.' : '/')) : name;
}
