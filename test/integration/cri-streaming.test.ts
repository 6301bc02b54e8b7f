// The process itself, interactive sessions, port-forwards and logs against a containerd of this test's own, with busybox as the only image.
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { basename, dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { type ContainerConfig, Containerd, CriRuntime, type ExecOptions, readLogs, rotateLog, type SandboxConfig } from '@berth/runtime';
import { silentLogger, systemClock } from '@berth/telemetry';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ociImage } from '../../libs/runtime/src/cri/oci-image.ts';

const run = promisify(execFile);
const image = 'berth.local/busybox:1';

let directory: string;
/** Those that are installed, or what the end-to-end tests are to run on. */
const programs = { containerd: process.env.BERTH_E2E_CONTAINERD ?? 'containerd', ociRuntime: process.env.BERTH_E2E_RUNTIME };
let containerd: Containerd;
let runtime: CriRuntime;
let sandbox: SandboxConfig;
let sandboxId: string;
/** Runs until told otherwise, for exec. */
let idle: string;

beforeAll(async () => {
  directory = await mkdtemp('/tmp/bs-');
  containerd = new Containerd({ directory, programs, clock: systemClock, logger: silentLogger });
  await containerd.start();
  runtime = new CriRuntime(containerd.paths.socket);
  await importBusybox();
  sandbox = {
    name: 'streaming',
    namespace: 'default',
    uid: 'u1',
    attempt: 0,
    hostname: '',
    logDirectory: join(directory, 'logs'),
    labels: {},
    annotations: {},
    cgroupParent: '',
    hostNetwork: true,
    hostPid: false,
    hostIpc: false,
    shareProcessNamespace: false,
    privileged: false,
    sysctls: {},
  };
  sandboxId = await runtime.runSandbox(sandbox);
  idle = await start('idle', ['sh', '-c', 'trap "exit 0" TERM; while :; do sleep 1; done']);
});

afterAll(async () => {
  runtime?.close();
  await containerd?.stop({ removePods: true });
  await rm(directory, { recursive: true, force: true });
});

async function importBusybox(): Promise<void> {
  const data = await readFile('/bin/busybox');
  const names = ['busybox', 'sh', 'cat', 'wc', 'sleep', 'stty', 'nc', 'seq', 'echo'];
  const files = names.map((name) => ({ path: `bin/${name}`, mode: 0o755, data }));
  const archive = join(directory, 'busybox.tar');
  await writeFile(
    archive,
    ociImage({ name: image, architecture: process.arch === 'arm64' ? 'arm64' : 'amd64', entrypoint: ['/bin/sh'], files }),
  );
  await run('ctr', ['--address', containerd.paths.socket, '--namespace', 'k8s.io', 'images', 'import', archive]);
}

async function start(name: string, command: string[], changes: Partial<ContainerConfig> = {}): Promise<string> {
  const config: ContainerConfig = {
    name,
    attempt: 0,
    imageRef: image,
    image,
    command,
    env: [{ name: 'PATH', value: '/bin' }],
    mounts: [],
    devices: [],
    labels: {},
    annotations: {},
    logPath: `${name}.log`,
    stdin: false,
    stdinOnce: false,
    tty: false,
    resources: {},
    security: {
      privileged: false,
      readonlyRootfs: false,
      noNewPrivileges: false,
      supplementalGroups: [],
      addCapabilities: [],
      dropCapabilities: [],
      seccomp: { type: 'Unconfined' },
    },
    ...changes,
  };
  const id = await runtime.createContainer(sandboxId, config, sandbox);
  await runtime.startContainer(id);
  return id;
}

const exec = (command: string[], options: Partial<ExecOptions> = {}) =>
  runtime.exec(idle, { command, stdin: false, stdout: true, stderr: true, tty: false, ...options });
const words = (stream: NodeJS.ReadableStream | undefined) => (stream ? text(stream) : Promise.resolve('no stream'));

describe('the process', () => {
  it.each([
    ['none', undefined],
    ['an empty one', ''],
    ['one of another process', String(process.pid)],
  ])('is found again with this for a pid file: %s', async (_, noted) => {
    const pid = await containerd.pid();
    const pidFile = join(directory, 'containerd.pid');
    if (noted === undefined) await rm(pidFile);
    else await writeFile(pidFile, noted);
    const successor = new Containerd({ directory, programs, clock: systemClock, logger: silentLogger });
    await successor.start();
    successor.detach();
    expect(await successor.pid()).toBe(pid);
    expect((await run('pgrep', ['--full', '--count', `^${programs.containerd} --config ${directory}/`])).stdout).toBe('1\n');
  });
});

describe('exec', () => {
  it('gives both outputs and the exit code', async () => {
    const session = await exec(['sh', '-c', 'echo out; echo err >&2; exit 3']);
    expect(await Promise.all([words(session.stdout), words(session.stderr), session.exit])).toEqual(['out\n', 'err\n', 3]);
  });

  it('pipes 1 MB into the command and ends its input', async () => {
    const session = await exec(['sh', '-c', 'cat | wc -c'], { stdin: true });
    session.stdin?.end(Buffer.alloc(1_000_000, 'x'));
    expect(await Promise.all([words(session.stdout), session.exit])).toEqual(['1000000\n', 0]);
  });

  it('brings 20 MB out, however slowly they are read', async () => {
    const session = await exec(['sh', '-c', 'busybox head -c 20000000 /dev/zero'], { stderr: false });
    let bytes = 0;
    for await (const chunk of session.stdout ?? []) {
      bytes += chunk.length;
      if (bytes % 7 === 0) await new Promise(setImmediate);
    }
    expect([bytes, await session.exit]).toEqual([20_000_000, 0]);
  });

  it('gives the exit code of a command that does not read its input', async () => {
    const session = await exec(['sh', '-c', 'echo done; exit 4'], { stdin: true });
    session.stdin?.end(Buffer.alloc(10_000));
    expect(await Promise.all([words(session.stdout), session.exit])).toEqual(['done\n', 4]);
  });

  // More than a pipe holds: containerd 1.6 alone would wait for somebody to read the rest.
  it.each([1_000_000, 20_000_000])('ends with the code of a command that leaves most of %i bytes of input unread', async (bytes) => {
    const session = await exec(['sh', '-c', 'head -c 10; sleep 0.3; exit 5'], { stdin: true });
    session.stdin?.on('error', () => undefined).end(Buffer.alloc(bytes, 'x'));
    expect(await Promise.all([words(session.stdout), session.exit])).toEqual(['xxxxxxxxxx', 5]);
    session.close();
  });

  it('ends so for many at once in one container, each with its own code', async () => {
    const codes = Array.from({ length: 8 }, (_, index) => index + 1);
    const ended = await Promise.all(
      codes.map(async (code) => {
        const session = await exec(['sh', '-c', `sleep 0.${code}; exit ${code}`], { stdin: true });
        session.stdin?.on('error', () => undefined).end(Buffer.alloc(1_000_000));
        session.stdout?.resume();
        session.stderr?.resume();
        const exitCode = await session.exit;
        session.close();
        return exitCode;
      }),
    );
    expect(ended).toEqual(codes);
  });

  it('goes on while the command reads its input slowly, to the last byte', async () => {
    const session = await exec(['sh', '-c', 'sleep 1; cat | wc -c; exit 6'], { stdin: true });
    session.stdin?.end(Buffer.alloc(3_000_000, 'x'));
    expect(await Promise.all([words(session.stdout), session.exit])).toEqual(['3000000\n', 6]);
  });

  it('resizes a terminal', async () => {
    const session = await exec(['sh', '-c', 'until [ "$(stty size)" = "43 132" ]; do sleep 0.05; done; stty size'], {
      stdin: true,
      tty: true,
    });
    session.resize(132, 43);
    const output = words(session.stdout);
    expect(await output).toContain('43 132');
    expect(await session.exit).toBe(0);
  });

  it('says what is wrong when the command does not exist', async () => {
    const session = await exec(['/no/such/command']);
    session.stdout?.resume();
    await expect(session.exit).rejects.toThrow(/no such file or directory|executable file `.*` not found/);
  });
});

describe('attach', () => {
  it('talks to the running process until it ends', async () => {
    const id = await start('talk', ['sh', '-c', 'while read line; do [ "$line" = bye ] && exit 0; echo "got $line"; done'], {
      stdin: true,
    });
    const session = await runtime.attach(id, { stdin: true, stdout: true, stderr: true, tty: false });
    let output = '';
    session.stdin?.write('one\ntwo\n');
    for await (const part of session.stdout ?? []) {
      output += part;
      // Only now: containerd may end an attached stream before what the process said last.
      if (output === 'got one\ngot two\n') session.stdin?.write('bye\n');
    }
    expect(output).toBe('got one\ngot two\n');
    expect(await session.exit).toBe(0);
  });

  it('lets go without ending the process', async () => {
    const session = await runtime.attach(idle, { stdin: false, stdout: true, stderr: false, tty: false });
    session.close();
    expect(await session.exit).toBe(0);
    expect((await runtime.containerStatus(idle))?.state).toBe('running');
  });
});

describe('port-forward', () => {
  it('carries bytes both ways, and says when nothing listens', async () => {
    const port = await freePort();
    // At once, or on the stream where containerd is slow to say so.
    const refused = await runtime.portForward(sandboxId, port).then(
      async (stream) => (await once(stream, 'error'))[0] as Error,
      (error: Error) => error,
    );
    expect(refused.message).toMatch(/connection refused/);
    const server = await start('server', ['nc', '-l', '-p', String(port), '-e', '/bin/cat']);
    const stream = await listening(port);
    stream.end(Buffer.alloc(300_000, 'y'));
    expect((await text(stream)).length).toBe(300_000);
    await runtime.stopContainer(server, 0);
  });
});

describe('logs', () => {
  it('are followed through rotation until the container has ended', async () => {
    const id = await start('logs', ['sh', '-c', 'for i in $(seq 400); do echo "line $i"; [ $((i % 40)) = 0 ] && sleep 0.2; done; exit 0']);
    const path = join(directory, 'logs', 'logs.log');
    const isFinished = async () => (await runtime.containerStatus(id))?.state === 'exited';
    let rotations = 0;
    let got = '';
    for await (const part of readLogs(path, { follow: true, timestamps: false, signal: AbortSignal.timeout(60_000), isFinished })) {
      got += part.toString();
      if (rotations < 3 && (await rotateLog(path, { maxBytes: 2_000, maxFiles: 3, reopen: () => runtime.reopenLog(id) }))) rotations++;
    }
    expect(got).toBe(Array.from({ length: 400 }, (_, index) => `line ${index + 1}\n`).join(''));
    expect(rotations).toBe(3);
    const rotated = (await readdir(dirname(path))).filter((name) => name.startsWith(`${basename(path)}.`));
    expect(rotated.length).toBeLessThanOrEqual(2);
  });
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address ? address.port : 0;
}

/** The port is open a moment after the container has started. */
async function listening(port: number) {
  for (let attempt = 0; attempt < 50; attempt++) {
    try {
      return await runtime.portForward(sandboxId, port);
    } catch {
      await systemClock.sleep(100);
    }
  }
  throw new Error(`nothing listens on ${port}`);
}
