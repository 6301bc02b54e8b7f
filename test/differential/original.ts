// Kubernetes' own API server beside Berth: built once from its public Go modules when it is not at hand, started with an etcd of its
// own and certificates made anew, gone afterwards.
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { createWriteStream, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { env } from 'node:process';
import { CertificateAuthority } from '@berth/pki';
import { systemClock } from '@berth/telemetry';
import { eventually } from '../../tools/cluster/eventually.ts';
import { EtcdProcess, freeAddress } from '../integration/etcd-process.ts';
import { ApiServer } from './api-server.ts';

const version = '1.35.4';
const libraries = '0.35.4';
const etcdVersion = '3.6.6';
const startTimeoutMs = 60_000;
/** Modules that live in Kubernetes' repository, which its go.mod names by folder. */
const staged = [
  ...['api', 'apiextensions-apiserver', 'apimachinery', 'apiserver', 'cli-runtime', 'client-go', 'cloud-provider', 'cluster-bootstrap'],
  ...['code-generator', 'component-base', 'component-helpers', 'controller-manager', 'cri-api', 'cri-client', 'csi-translation-lib'],
  ...['dynamic-resource-allocation', 'endpointslice', 'externaljwt', 'kms', 'kube-aggregator', 'kube-controller-manager', 'kube-proxy'],
  ...['kube-scheduler', 'kubectl', 'kubelet', 'metrics', 'mount-utils', 'pod-security-admission', 'sample-apiserver'],
];

export interface Programs {
  kubeApiServer: string;
  etcd: string;
}

/**
 * The paths of kube-apiserver and its etcd, Debian's being too old for it: in the folder that BERTH_DIFFERENTIAL_BIN names, or built
 * into the cache. @throws Error that says what is missing and what to do
 */
export function originalPrograms(report: (line: string) => void): Programs {
  const given = env.BERTH_DIFFERENTIAL_BIN;
  const cache = join(env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'berth', `kubernetes-${version}`);
  const programs = { kubeApiServer: join(given ?? cache, 'kube-apiserver'), etcd: join(given ?? cache, 'etcd') };
  const missing = Object.values(programs).filter((path) => !existsSync(path));
  if (missing.length === 0) return programs;
  if (given) throw new Error(`BERTH_DIFFERENTIAL_BIN is ${given}, which lacks ${missing.join(' and ')}: unset it to have them built`);
  buildPrograms(cache, programs, report);
  return programs;
}

function buildPrograms(directory: string, programs: Programs, report: (line: string) => void): void {
  const go = spawnSync('go', ['version'], { encoding: 'utf8' });
  if (go.status !== 0) {
    throw new Error(
      `kube-apiserver ${version} is not in ${directory}, and Go, which builds it, is not on the PATH: install Go 1.25 or later, or name a folder that holds kube-apiserver and etcd in BERTH_DIFFERENTIAL_BIN`,
    );
  }
  report(`building kube-apiserver ${version} and etcd ${etcdVersion} into ${directory} with ${go.stdout.trim()}: about ten minutes, once`);
  const replaced = staged.map((name) => `replace k8s.io/${name} => k8s.io/${name} v${libraries}\n`).join('');
  buildProgram(
    join(directory, 'kube-apiserver-module'),
    `k8s.io/kubernetes/cmd/kube-apiserver@v${version}`,
    programs.kubeApiServer,
    replaced,
  );
  buildProgram(join(directory, 'etcd-module'), `go.etcd.io/etcd/server/v3@v${etcdVersion}`, programs.etcd);
}

function buildProgram(directory: string, source: string, path: string, replaced = ''): void {
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, 'go.mod'), `module differential\n\ngo 1.25.0\n\n${replaced}`);
  const run = (...args: string[]) => execFileSync('go', args, { cwd: directory, stdio: ['ignore', 2, 2] });
  run('get', source);
  run('build', '-mod=mod', '-o', path, source.split('@')[0] ?? source);
}

/**
 * @param directory for certificates and the log; whoever calls removes it
 * @param options further ones of its command line
 */
export async function startOriginal(
  programs: Programs,
  directory: string,
  serviceCidr: string,
  options: readonly string[] = [],
): Promise<ApiServer> {
  const etcd = await EtcdProcess.start(programs.etcd);
  try {
    return await startKubeApiServer(programs.kubeApiServer, directory, ['--service-cluster-ip-range', serviceCidr, ...options], etcd);
  } catch (error) {
    await etcd.remove();
    throw error;
  }
}

async function startKubeApiServer(program: string, directory: string, options: readonly string[], etcd: EtcdProcess): Promise<ApiServer> {
  const port = Number(new URL(await freeAddress()).port);
  const { ca, admin, flags } = await credentials(directory);
  const child = spawn(
    program,
    [
      ...flags,
      ...['--etcd-servers', etcd.endpoint, '--secure-port', String(port), '--bind-address', '127.0.0.1'],
      ...['--advertise-address', '192.0.2.1', '--authorization-mode', 'RBAC', '--allow-privileged'],
      ...options,
      ...['--service-account-issuer', 'https://kubernetes.default.svc.cluster.local'],
    ],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  );
  const log = createWriteStream(join(directory, 'kube-apiserver.log'));
  child.stdout.pipe(log, { end: false });
  child.stderr.pipe(log, { end: false });
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);
  const stop = async () => {
    process.off('exit', kill);
    await end(child);
    log.end();
    await etcd.remove();
  };
  const server = new ApiServer('kubernetes', { host: '127.0.0.1', port, ca, cert: admin.certificate, key: admin.key }, stop);
  try {
    await eventually('kube-apiserver', startTimeoutMs, async () => {
      if (child.exitCode !== null) throw new Error(`kube-apiserver ended with ${child.exitCode}: see ${directory}/kube-apiserver.log`);
      return (await server.send({ method: 'GET', path: '/readyz' })).code === 200 || undefined;
    });
  } catch (error) {
    await stop();
    throw error;
  }
  return server;
}

async function credentials(directory: string) {
  const authority = await CertificateAuthority.open(directory, systemClock, 'differential');
  const server = await authority.issueServing('kube-apiserver', ['127.0.0.1', 'localhost']);
  const admin = await authority.issueClient('kubernetes-admin', ['system:masters']);
  const accounts = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  }).privateKey;
  const file = (name: string, content: string) => {
    const path = join(directory, name);
    writeFileSync(path, content, { mode: 0o600 });
    return path;
  };
  const accountKey = file('service-accounts.key', accounts);
  const flags = [
    ...['--tls-cert-file', file('server.crt', server.certificate), '--tls-private-key-file', file('server.key', server.key)],
    ...['--client-ca-file', file('client-ca.crt', authority.pem)],
    ...['--service-account-key-file', accountKey, '--service-account-signing-key-file', accountKey],
  ];
  return { ca: authority.pem, admin, flags };
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGTERM');
  const timer = systemClock.after(10_000, () => child.kill('SIGKILL'));
  await gone;
  timer.cancel();
}
