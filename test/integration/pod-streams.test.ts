// exec, logs and port-forward with the real kubectl, up to the point where the API asks a node: the node is a fake.
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { Pod } from '@berth/api';
import { componentUsers, type PodTunnelRequest } from '@berth/apiserver/core';
import { StatusError } from '@berth/machinery';
import type { Tunnel } from '@berth/protocol';
import { socketClosed } from '@berth/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { KubectlCluster } from './kubectl-cluster.ts';
import { linkedTunnels } from './linked-tunnels.ts';
import { socketMessages } from './socket-messages.ts';

let cluster: KubectlCluster;
const asked: PodTunnelRequest[] = [];

/** What the fake node does with a command or a port. */
async function serve(request: PodTunnelRequest, tunnel: Tunnel): Promise<void> {
  const say = (line: string) => tunnel.send('stdout', Buffer.from(line));
  const [program, ...args] = request.command;
  if (request.kind === 'portforward' && request.port === 81) return tunnel.finish(1, 'connection refused');
  if (request.kind === 'portforward' || program === 'cat') {
    tunnel.onEnd(() => void say('the end').then(() => tunnel.finish(0)));
    tunnel.onData((_channel, data) => tunnel.send('stdout', data));
    return;
  }
  if (program === 'size') {
    tunnel.onData(() => {});
    tunnel.onResize((width, height) => void say(`${width}x${height}, tty ${request.tty}\r\n`).then(() => tunnel.finish(0)));
    return;
  }
  if (request.kind === 'log') await say('first line\nsecond line\n');
  if (program === 'echo') await say(`${args.join(' ')}\n`);
  if (program === 'warn') await tunnel.send('stderr', Buffer.from('careful\n'));
  tunnel.finish(program === 'false' ? Number(args[0]) : 0);
}

beforeAll(async () => {
  cluster = await KubectlCluster.start();
  const { api } = cluster.controlPlane;
  api.nodes.openBy({
    openTunnel: async (nodeName, request) => {
      if (nodeName !== 'node-1') throw StatusError.unavailable(`node ${nodeName} is not connected`);
      asked.push(request);
      const [near, far] = linkedTunnels();
      void serve(request, far);
      return near;
    },
  });
  const client = api.localClient(componentUsers.apiServer);
  const running = (name: string, nodeName: string) =>
    client
      .create(Pod, {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name, namespace: 'default' },
        spec: { nodeName, containers: [{ name: 'main', image: 'registry.local/web:1' }] },
      })
      .then((pod) => {
        const status = { phase: 'Running', containerStatuses: [{ ...containerStatus, name: 'main' }] };
        return client.updateStatus(Pod, { ...pod, status });
      });
  await running('web', 'node-1');
  await running('lost', 'node-2');
});

const containerStatus = { image: '', imageID: '', ready: true, restartCount: 0, state: { running: {} } };

afterAll(() => cluster?.stop());

describe.each([
  ['WebSockets', 'true'],
  ['SPDY', 'false'],
])('kubectl exec over %s', (_name, webSockets) => {
  const env = { KUBECTL_REMOTE_COMMAND_WEBSOCKETS: webSockets };
  const run = (args: string[], input = '') => cluster.run(args, { input, env });

  it('executes commands and passes on output, input and exit codes', async () => {
    expect(await run(['exec', 'web', '--', 'echo', 'hello', 'there'])).toEqual({ stdout: 'hello there\n', stderr: '', code: 0 });
    expect(asked.at(-1)).toMatchObject({ kind: 'exec', namespace: 'default', pod: 'web', container: 'main', tty: false });
    expect(await run(['exec', '-i', 'web', '--', 'cat'], 'some\ninput\n')).toMatchObject({
      stdout: 'some\ninput\nthe end',
      code: 0,
    });
    expect(await run(['exec', 'web', '--', 'warn'])).toMatchObject({ stdout: '', stderr: 'careful\n', code: 0 });
    const failed = await run(['exec', 'web', '--', 'false', '7']);
    expect(failed).toEqual({ stdout: '', stderr: 'command terminated with exit code 7\n', code: 7 });
  });

  it('gives a terminal its size', async () => {
    const { stdout, code } = await cluster.runInTerminal(['exec', '-it', 'web', '--', 'size'], '', env);
    expect({ stdout, code }).toEqual({ stdout: expect.stringContaining('100x30, tty true\r\n'), code: 0 });
    expect(asked.at(-1)).toMatchObject({ tty: true, stdin: true, stderr: false });
  });

  it('carries large input and output whole', async () => {
    const input = 'x'.repeat(3_000_000);
    const { stdout, code } = await run(['exec', '-i', 'web', '--', 'cat'], input);
    expect({ code, whole: stdout === `${input}the end` }).toEqual({ code: 0, whole: true });
  });

  it('says what is wrong before a stream opens', async () => {
    expect((await run(['exec', 'nope', '--', 'ls'])).stderr).toBe('Error from server (NotFound): pods "nope" not found\n');
    const wrong = await run(['exec', 'web', '-c', 'side', '--', 'ls']);
    expect(wrong.stderr).toMatch(/container side is not valid for pod web|container not found/);
    expect((await run(['exec', 'lost', '--', 'ls'])).stderr).toMatch(/node node-2 is not connected/);
  });
});

describe('kubectl and a running pod', () => {
  it('is counted while a stream is open, and once it is over', async () => {
    const counted = async (metric: string) => {
      const { stdout } = await cluster.run(['get', '--raw', '/metrics']);
      const isExec = (line: string) => line.startsWith(`${metric}{`) && line.includes('verb="CONNECT"') && line.includes('"exec"');
      const lines = stdout.split('\n').filter((line) => isExec(line) && (metric !== total || line.includes('code="101"')));
      return lines.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
    };
    const [open, total] = ['apiserver_longrunning_requests', 'apiserver_request_total'];
    const before = await counted(total);
    const exec = cluster.spawn(['exec', '-i', 'web', '--', 'cat']);
    await expect.poll(() => counted(open), { timeout: 20_000 }).toBe(1);
    exec.stdin.end();
    await expect.poll(() => counted(open), { timeout: 20_000 }).toBe(0);
    expect(await counted(total)).toBe(before + 1);
  });

  it('shows logs', async () => {
    expect(await cluster.run(['logs', 'web'])).toEqual({ stdout: 'first line\nsecond line\n', stderr: '', code: 0 });
    expect(asked.at(-1)).toMatchObject({ kind: 'log', log: { follow: false } });
    await cluster.run(['logs', '-f', '--tail=5', '--timestamps', 'web']);
    expect(asked.at(-1)).toMatchObject({ kind: 'log', log: { follow: true, tailLines: 5, timestamps: true } });
  });

  it.each([
    ['SPDY inside a WebSocket', 'true'],
    ['plain SPDY', 'false'],
  ])('forwards ports over %s', async (_name, webSockets) => {
    const forward = cluster.spawn(['port-forward', 'pod/web', ':80', ':81'], { KUBECTL_PORT_FORWARD_WEBSOCKETS: webSockets });
    let said = '';
    for (const output of [forward.stdout, forward.stderr]) {
      output.on('data', (chunk) => {
        said += chunk;
      });
    }
    try {
      const listening = () => [...said.matchAll(/127\.0\.0\.1:(\d+) -> (\d+)/g)];
      await expect.poll(listening, { timeout: 10_000 }).toHaveLength(2);
      const ports = new Map(listening().map(([, local, remote]) => [String(remote), Number(local)]));
      const answers = await Promise.all(
        ['one', 'two', 'y'.repeat(1_000_000)].map((sent) => {
          const socket = connect({ port: ports.get('80') ?? 0, host: '127.0.0.1', allowHalfOpen: true });
          socket.end(sent);
          return text(socket).then((got) => got === `${sent}the end`);
        }),
      );
      expect(answers).toEqual([true, true, true]);
      const refused = connect({ port: ports.get('81') ?? 0, host: '127.0.0.1' });
      await socketClosed(refused);
      await expect.poll(() => said).toMatch(/error forwarding port 81 to pod web, uid : connection refused/);
    } finally {
      forward.kill();
    }
  });
});

describe('a WebSocket of an older protocol', () => {
  /** All messages of one exec, as text; rejects with the code of a refused handshake. */
  async function messages(protocols: string[], command: string[], origin?: string): Promise<{ protocol: string; said: string[] }> {
    const query = command.map((word) => `command=${word}`).join('&');
    const path = `/api/v1/namespaces/default/pods/web/exec?stdout=1&stderr=1&${query}`;
    const { protocol, said } = await socketMessages(cluster, { path, protocols, origin });
    return { protocol, said };
  }

  it.each([
    ['channel.k8s.io', ['\x01', '\x01hello\n'], '\x03command terminated with non-zero exit code: exit status 7'],
    ['base64.channel.k8s.io', ['1', '1aGVsbG8K'], `3${btoa('command terminated with non-zero exit code: exit status 7')}`],
  ])('%s says a failure in words, and a success not at all', async (protocol, hello, failure) => {
    expect(await messages([protocol], ['echo', 'hello'])).toEqual({ protocol, said: hello });
    expect((await messages([protocol], ['false', '7'])).said.at(-1)).toBe(failure);
  });

  it('none is the first one', async () => {
    expect(await messages([], ['echo', 'hello'])).toEqual({ protocol: '', said: ['\x01', '\x01hello\n'] });
  });

  it.each([
    ['create', false],
    ['get', false],
    ['get,create', true],
  ])('may be opened with the verbs %s on pods/exec: %s', async (verbs, may) => {
    const user = `with-${verbs.replace(',', '-and-')}`;
    await cluster.run(['create', 'role', user, `--verb=${verbs}`, '--resource=pods/exec']);
    await cluster.run(['create', 'rolebinding', user, `--role=${user}`, `--user=${user}`]);
    const token = await cluster.controlPlane.tokens.createAccessToken({ name: user, groups: [] });
    const path = '/api/v1/namespaces/default/pods/web/exec?stdout=1&command=echo';
    const opened = socketMessages(cluster, { path, protocols: [], token });
    if (may) expect((await opened).code).toBe(1000);
    else await expect(opened).rejects.toThrow('403');
  });

  it('v4.base64.channel.k8s.io ends with a Status', async () => {
    const { said } = await messages(['v4.base64.channel.k8s.io'], ['echo', 'hello']);
    expect(JSON.parse(atob(said.at(-1)?.slice(1) ?? ''))).toMatchObject({ status: 'Success' });
  });

  it('that nobody knows is refused, and so is a page of another origin, or of this host without TLS', async () => {
    await expect(messages(['v9.channel.k8s.io'], ['echo'])).rejects.toThrow('400');
    await expect(messages(['channel.k8s.io'], ['echo'], 'http://HOST')).rejects.toThrow('403');
    await expect(messages(['channel.k8s.io'], ['echo'], 'https://example.com')).rejects.toThrow('403');
    expect((await messages(['channel.k8s.io'], ['echo', 'x'], 'https://HOST')).said.at(-1)).toBe('\x01x\n');
  });
});

describe('a log over a WebSocket', () => {
  const path = '/api/v1/namespaces/default/pods/web/log';

  it.each([
    ['binary.k8s.io', ['', 'first line\nsecond line\n']],
    ['base64.binary.k8s.io', ['', btoa('first line\nsecond line\n')]],
  ])('comes in messages of %s', async (protocol, said) => {
    expect(await socketMessages(cluster, { path, protocols: [protocol] })).toEqual({ protocol, said, code: 1000 });
  });

  it('comes as it is where no protocol is named, and so it does beside a token in a protocol', async () => {
    expect((await socketMessages(cluster, { path, protocols: [] })).said).toEqual(['', 'first line\nsecond line\n']);
    const token = Buffer.from(await cluster.token()).toString('base64url');
    const protocols = [`base64url.bearer.authorization.k8s.io.${token}`, 'binary.k8s.io'];
    expect(await socketMessages(cluster, { path, protocols, token: '' })).toMatchObject({ protocol: 'binary.k8s.io', code: 1000 });
  });

  it('goes to a program that is no browser, whatever origin it names', async () => {
    const asked = { path, protocols: [], origin: 'http://localhost', userAgent: '' };
    expect((await socketMessages(cluster, asked)).code).toBe(1000);
  });

  it('is refused before the upgrade', async () => {
    const refused = (over: { path?: string; protocols?: string[]; token?: string; origin?: string }) =>
      expect(socketMessages(cluster, { path, protocols: ['binary.k8s.io'], ...over })).rejects;
    await refused({ protocols: ['v4.channel.k8s.io'] }).toThrow('400');
    await refused({ origin: 'https://example.com' }).toThrow('403');
    await refused({ token: 'none' }).toThrow('401');
    await refused({ path: '/api/v1/namespaces/default/pods/absent/log' }).toThrow('404');
    await refused({ path: `${path}?sinceSeconds=0` }).toThrow('422');
  });
});

describe('a watch over a WebSocket', () => {
  const path = '/api/v1/namespaces/default/pods?watch=1&timeoutSeconds=1';

  it('sends an event a message, in text, until its time is over', async () => {
    const { said, code } = await socketMessages(cluster, { path, protocols: [] });
    expect(said.map((text) => JSON.parse(text)).map(({ type, object }) => [type, object.kind])).toEqual(said.map(() => ['ADDED', 'Pod']));
    expect(said.length).toBeGreaterThan(0);
    expect(code).toBe(1000);
  });

  it('takes whatever protocol it is offered, and ends with the failure that ends it', async () => {
    const { protocol, said } = await socketMessages(cluster, { path: `${path}&resourceVersion=1`, protocols: ['binary.k8s.io'] });
    expect(protocol).toBe('binary.k8s.io');
    expect(said.length).toBeGreaterThan(0);
    await expect(socketMessages(cluster, { path: `${path}&labelSelector=(`, protocols: [] })).rejects.toThrow('400');
    await expect(socketMessages(cluster, { path: `${path}`, protocols: [], token: 'none' })).rejects.toThrow('401');
  });
});
