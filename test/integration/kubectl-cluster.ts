// A control plane in this process and the real kubectl against it, for tests of what people see. Only the API runs: no
// scheduler, no controllers, no nodes, so that what kubectl prints depends on the API alone.
import 'reflect-metadata';
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { seededRandom, silentLogger, systemClock } from '@berth/telemetry';
import { type ControlPlaneConfig, defaultConfig, type Role } from '../../apps/control-plane/src/config.ts';
import { type ControlPlane, startControlPlane } from '../../apps/control-plane/src/control-plane.ts';
import { kubectlPath } from '../../tools/cluster/kubectl.ts';

const commandTimeoutMs = 20_000;

export interface Ran {
  stdout: string;
  stderr: string;
  code: number;
}

export class KubectlCluster {
  readonly controlPlane: ControlPlane;
  readonly directory: string;
  readonly #kubectl: string;

  private constructor(controlPlane: ControlPlane, directory: string, kubectl: string) {
    this.controlPlane = controlPlane;
    this.directory = directory;
    this.#kubectl = kubectl;
  }

  /** @param dashboardDirectory of the built dashboard; it serves none without */
  static async start(
    roles: Role[] = ['api'],
    change: Partial<ControlPlaneConfig> = {},
    dashboardDirectory?: string,
  ): Promise<KubectlCluster> {
    const directory = await mkdtemp(join(tmpdir(), 'berth-kubectl-'));
    const config = {
      ...defaultConfig,
      roles,
      dataDirectory: join(directory, 'data'),
      store: { driver: 'memory' as const },
      apiAddress: { host: '127.0.0.1', port: 0 },
      // Nobody makes accounts for pods to run as.
      ...(!roles.includes('controllers') && { disableAdmissionPlugins: ['ServiceAccount'] }),
      ...change,
    };
    const ports = { clock: systemClock, random: seededRandom(1), logger: silentLogger };
    try {
      const controlPlane = await startControlPlane(config, ports, {
        dashboardDirectory: dashboardDirectory ?? join(directory, 'no-dashboard'),
      });
      return new KubectlCluster(controlPlane, directory, await kubectlPath('1.35'));
    } catch (error) {
      await rm(directory, { recursive: true, force: true });
      throw error;
    }
  }

  /** Of an administrator. */
  token(): Promise<string> {
    return this.controlPlane.tokens.createAccessToken({ name: 'e', groups: ['system:masters'] });
  }

  async stop(): Promise<void> {
    await this.controlPlane.stop();
    await rm(this.directory, { recursive: true, force: true });
  }

  /** The file's path. */
  async file(name: string, content: string): Promise<string> {
    const path = join(this.directory, name);
    await writeFile(path, content, { mode: 0o755 });
    return path;
  }

  /** Whoever calls ends the process. */
  spawn(args: string[], env: NodeJS.ProcessEnv = {}): ChildProcessWithoutNullStreams {
    return spawn(this.#kubectl, args, this.#environment(env));
  }

  /** In a terminal of 100 columns and 30 rows, whose output is what is shown. */
  runInTerminal(args: string[], input: string, env: NodeJS.ProcessEnv = {}): Promise<Ran> {
    const command = `stty cols 100 rows 30; exec ${this.#kubectl} ${args.join(' ')}`;
    return finished(spawn('script', ['-qec', command, '/dev/null'], this.#environment(env)), input);
  }

  /** @param options.binary another kubectl than the newest */
  run(args: string[], options: { input?: string; env?: NodeJS.ProcessEnv; binary?: string } = {}): Promise<Ran> {
    return finished(spawn(options.binary ?? this.#kubectl, args, this.#environment(options.env)), options.input ?? '');
  }

  /** With a token and nothing else. */
  runWithToken(token: string, args: string[]): Promise<Ran> {
    const server = `https://127.0.0.1:${this.controlPlane.address?.port}`;
    const options = ['--server', server, '--certificate-authority', join(this.directory, 'data', 'pki', 'ca.crt'), '--token', token];
    return this.run([...options, ...args], { env: { KUBECONFIG: '/dev/null' } });
  }

  #environment(env: NodeJS.ProcessEnv = {}): { cwd: string; env: NodeJS.ProcessEnv } {
    const own = { KUBECONFIG: this.controlPlane.kubeconfigPath, KUBECACHEDIR: join(this.directory, 'cache'), HOME: this.directory };
    return { cwd: this.directory, env: { PATH: process.env.PATH, ...own, ...env } };
  }
}

async function finished(child: ChildProcessWithoutNullStreams, input: string): Promise<Ran> {
  const timer = setTimeout(() => child.kill('SIGKILL'), commandTimeoutMs);
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  // A command that does not read its input may be gone before it is written.
  child.stdin.on('error', () => {});
  child.stdin.end(input);
  const code = await new Promise<number>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (status) => resolve(status ?? -1));
  });
  clearTimeout(timer);
  return { stdout, stderr, code };
}
