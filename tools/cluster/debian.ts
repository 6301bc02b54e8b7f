// Installs the Debian packages that a command needs and misses. Services that packages bring stay stopped: Berth runs its own.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

/** Package → a file that is there once it is installed. */
const packages = {
  containerd: '/usr/bin/containerd',
  runc: '/usr/sbin/runc',
  'containernetworking-plugins': '/usr/lib/cni/bridge',
  nftables: '/usr/sbin/nft',
  iproute2: '/usr/sbin/ip',
  conntrack: '/usr/sbin/conntrack',
  haproxy: '/usr/sbin/haproxy',
  'busybox-static': '/bin/busybox',
  buildah: '/usr/bin/buildah',
  'docker-registry': '/usr/bin/docker-registry',
  'etcd-server': '/usr/bin/etcd',
  chromium: '/usr/bin/chromium',
  fio: '/usr/bin/fio',
} as const;
export type DebianPackage = keyof typeof packages;

/** What packages would start with the machine from now on, although Berth runs its own. */
const unwantedServices: Partial<Record<DebianPackage, string>> = { haproxy: 'haproxy.service' };

/** What every node needs. */
export const nodePackages: DebianPackage[] = [
  'containerd',
  'runc',
  'containernetworking-plugins',
  'nftables',
  'iproute2',
  'conntrack',
  'haproxy',
];

/** What a one-node cluster and its example need. */
export const clusterPackages: DebianPackage[] = [...nodePackages, 'busybox-static', 'buildah', 'docker-registry'];

/** @throws Error with the end of apt's output when an install fails. */
export function installMissing(wanted: readonly DebianPackage[], report: (message: string) => void): void {
  const missing = wanted.filter((name) => !existsSync(packages[name]));
  if (missing.length === 0) return;
  if (process.getuid?.() !== 0)
    throw new Error(`these Debian packages are missing: ${missing.join(' ')}; run as root, or install them first`);
  report(`installing ${missing.join(', ')}`);
  // RUNLEVEL=1 keeps package scripts from starting the services they bring.
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };
  for (const args of [
    ['update', '-q'],
    ['install', '-y', '-q', '--no-install-recommends', ...missing],
  ]) {
    const result = spawnSync('apt-get', args, { env, encoding: 'utf8' });
    if (result.status !== 0) throw new Error(`apt-get ${args.join(' ')} failed:\n${`${result.stdout}${result.stderr}`.slice(-2000)}`);
  }
  for (const name of missing) disable(unwantedServices[name]);
  const still = missing.filter((name) => !existsSync(packages[name]));
  if (still.length > 0) throw new Error(`installed, but not where expected: ${still.map((name) => packages[name]).join(', ')}`);
}

/** Whoever had the package before keeps what he made of it. */
function disable(service: string | undefined): void {
  if (service === undefined || !existsSync('/usr/bin/systemctl')) return;
  // Where systemd runs, the package has started it, too.
  const now = existsSync('/run/systemd/system') ? ['--now'] : [];
  const { status, error, stderr } = spawnSync('systemctl', ['disable', ...now, service], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${service} would start with the machine, and cannot be kept from it: ${error?.message ?? stderr}`);
}
