// A real agent link and a real gateway over gRPC with mutual TLS on the loopback: joining, sessions, reconnects, tunnels
// and everything that must be refused.
import { createHash } from 'node:crypto';
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Node, Pod } from '@berth/api';
import { AgentGateway } from '@berth/gateway';
import { MemoryClient } from '@berth/gateway/testing';
import { CertificateAuthority, ServingCertificate } from '@berth/pki';
import type { DesiredState, SessionHandler, Tunnel, TunnelRequest } from '@berth/protocol';
import { type Clock, silentLogger, systemClock, systemRandom } from '@berth/telemetry';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { defaultConfig } from '../../apps/control-plane/src/config.ts';
import { GrpcAgentLink } from '../../apps/node-agent/src/session/grpc-agent-link.ts';

const ports = { clock: systemClock, random: systemRandom, logger: silentLogger };
let directory: string;
let authority: CertificateAuthority;
let serving: ServingCertificate;
let client: MemoryClient;
let gateway: AgentGateway;
let token: string;
let tokensShown: string[];
const links: GrpcAgentLink[] = [];

async function startGateway(port = 0): Promise<void> {
  const config = {
    ...defaultConfig,
    gatewayAddress: { host: '127.0.0.1', port },
    dataDirectory: directory,
    store: { driver: 'memory' as const },
  };
  const verifyJoinToken = async (given: string) => {
    tokensShown.push(given);
    return given === token;
  };
  gateway = new AgentGateway({ client, config, ...ports, pki: { authority, serving, verifyJoinToken } });
  await gateway.start();
}

class Agent implements SessionHandler {
  readonly states: DesiredState[] = [];
  readonly reasons: string[] = [];
  onTunnel: (request: TunnelRequest, tunnel: Tunnel) => void = () => {};
  readonly link: GrpcAgentLink;

  constructor(options: { joinToken?: string; folder?: string; clock?: Clock } = {}) {
    const logged = {
      ...silentLogger,
      warn: (_message: string, fields?: Record<string, unknown>) => void this.reasons.push(String(fields?.reason)),
      with: () => logged,
    };
    this.link = new GrpcAgentLink({
      gateway: { host: '127.0.0.1', port: gateway.port },
      nodeName: 'one',
      dataDirectory: join(directory, options.folder ?? 'agent'),
      joinToken: options.joinToken,
      ...ports,
      clock: options.clock ?? systemClock,
      logger: logged,
    });
    links.push(this.link);
    const node: Node = { apiVersion: 'v1', kind: 'Node', metadata: { name: 'one' }, spec: {} };
    this.link.start(this, () => ({ revision: this.states.at(-1)?.revision ?? 0, bootId: 'boot', node }));
  }

  welcome(): void {}

  desired(state: DesiredState): void {
    this.states.push(state);
  }

  openTunnel(request: TunnelRequest, accept: () => Promise<Tunnel>): void {
    void accept().then((tunnel) => this.onTunnel(request, tunnel));
  }

  disconnected(): void {}
}

function pod(name: string): Promise<Pod> {
  const metadata = { name, namespace: 'default' };
  return client.create(Pod, {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata,
    spec: { containers: [{ name: 'app', image: 'app' }], nodeName: 'one' },
  });
}

const until = (check: () => void | Promise<void>) => vi.waitFor(check, { timeout: 15_000, interval: 20 });
/** Of the pods; the node itself is sent, too. */
const names = (state: DesiredState | undefined) =>
  state?.objects.flatMap(({ kind, metadata }) => (kind === 'Pod' ? metadata.name : [])).sort();

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'berth-link-'));
  authority = await CertificateAuthority.open(join(directory, 'pki'), systemClock);
  serving = await ServingCertificate.create({ authority, commonName: 'gateway', names: ['127.0.0.1'], ...ports });
  token = `abcdef.0123456789abcdef.${authority.fingerprint}`;
  client = new MemoryClient();
  tokensShown = [];
  await startGateway();
});

afterEach(async () => {
  await Promise.all(links.splice(0).map((link) => link.stop()));
  await gateway.stop();
  serving.stop();
  await rm(directory, { recursive: true });
});

describe('joining', () => {
  it('trades the token for a certificate that outlives restarts, readable by its owner only', async () => {
    const first = new Agent({ joinToken: token });
    await until(() => expect(first.states).toHaveLength(1));
    await first.link.stop();
    const identity = join(directory, 'agent', 'identity');
    expect(await readdir(identity)).toEqual(['ca.crt', 'node.pem']);
    expect((await stat(join(identity, 'node.pem'))).mode & 0o777).toBe(0o600);
    const second = new Agent();
    await until(() => expect(second.states).toHaveLength(1));
  });

  it('refuses a wrong token', async () => {
    const agent = new Agent({ joinToken: `wrong.${authority.fingerprint}` });
    await until(() => expect(agent.reasons[0]).toMatch('the join token is wrong or has expired'));
    expect(gateway.connector.isConnected('one')).toBe(false);
  });

  it('refuses a control plane with another CA than the token’s, without showing it the token', async () => {
    const agent = new Agent({ joinToken: `abcdef.${createHash('sha256').update('other').digest('hex')}` });
    await until(() => expect(agent.reasons[0]).toMatch('is not the one in the join token'));
    expect(tokensShown).toEqual([]);
  });

  it('needs a certificate or a token', async () => {
    const agent = new Agent();
    await until(() => expect(agent.reasons[0]).toMatch('the node has not joined a cluster yet: start the agent with a join token'));
  });

  it('refuses certificates of another cluster', async () => {
    const other = await CertificateAuthority.open(join(directory, 'other'), systemClock);
    const agent = new Agent({ joinToken: token });
    await until(() => expect(agent.states).toHaveLength(1));
    await agent.link.stop();
    await gateway.stop();
    // The same server certificate, but clients are checked against another CA.
    const pki = { authority: other, serving: { context: serving.context, onRenewed: () => () => {} }, verifyJoinToken: async () => false };
    const config = {
      ...defaultConfig,
      gatewayAddress: { host: '127.0.0.1', port: 0 },
      dataDirectory: directory,
      store: { driver: 'memory' as const },
    };
    gateway = new AgentGateway({ client, config, ...ports, pki });
    await gateway.start();
    const again = new Agent();
    // OpenSSL drops a certificate that claims a known issuer with a wrong signature; one of an unknown issuer gets an answer.
    await until(() => expect(again.reasons[0]).toMatch(/was not issued by this cluster|Connection dropped/));
    expect(again.states).toEqual([]);
  });
});

describe('sessions', () => {
  it('carry desired state, statuses, and a delta after a reconnect', async () => {
    const web = await pod('web');
    const agent = new Agent({ joinToken: token });
    await until(() => expect(names(agent.states.at(-1))).toEqual(['web']));
    expect(agent.states[0]).toMatchObject({
      full: true,
      objects: expect.arrayContaining([
        expect.objectContaining({ apiVersion: 'v1', kind: 'Pod', metadata: expect.objectContaining({ uid: web.metadata.uid }) }),
      ]),
    });
    const uid = web.metadata.uid ?? '';
    agent.link.reportPod({ namespace: 'default', name: 'web', uid, status: { phase: 'Running' }, terminated: false });
    await until(async () => expect((await client.get(Pod, { namespace: 'default', name: 'web' })).status?.phase).toBe('Running'));
    // The gateway drops the session; the same gateway takes the next one.
    const stranger = new Agent();
    await until(() => expect(agent.reasons).toContain('a newer session of the same node took its place'));
    await stranger.link.stop();
    await pod('second');
    await until(() => expect(agent.states.at(-1)).toMatchObject({ full: false }));
    await until(() => expect(names(agent.states.at(-1))).toContain('second'));
  });

  it('survive a restart of the gateway', async () => {
    const agent = new Agent({ joinToken: token });
    await until(() => expect(agent.states).toHaveLength(1));
    const { port } = gateway;
    await gateway.stop();
    await startGateway(port);
    await until(() => expect(gateway.connector.isConnected('one')).toBe(true));
    await pod('web');
    await until(() => expect(names(agent.states.at(-1))).toEqual(['web']));
  });
});

describe('tunnels', () => {
  const request = {
    kind: 'exec' as const,
    namespace: 'default',
    pod: 'web',
    uid: 'u',
    container: 'app',
    command: ['cat'],
    stdin: true,
    stdout: true,
    stderr: true,
    tty: false,
    port: 0,
    log: { follow: false, previous: false, timestamps: false, tailLines: 3 },
  };
  const megabyte = 1024 * 1024;

  it('move 5 MB each way in order, end halves one by one, and report the exit', async () => {
    const agent = new Agent({ joinToken: token });
    await until(() => expect(gateway.connector.isConnected('one')).toBe(true));
    let asked: TunnelRequest | undefined;
    agent.onTunnel = (given, tunnel) => {
      asked = given;
      // Echoes input as it comes, and ends only after input has ended.
      tunnel.onData((_channel, data) => tunnel.send('stdout', data));
      tunnel.onEnd(() => {
        void tunnel.send('stderr', Buffer.from('done')).then(() => {
          tunnel.end('stdout');
          tunnel.finish(3, 'command terminated with exit code 3');
        });
      });
    };
    const tunnel = await gateway.connector.openTunnel('one', request);
    expect(asked).toMatchObject({ ...request, tunnelId: expect.any(String) });
    const sent = createHash('sha256');
    const received = createHash('sha256');
    let bytes = 0;
    const heard: string[] = [];
    tunnel.onData((channel, data) => {
      if (channel === 'stderr') heard.push(Buffer.from(data).toString());
      else {
        received.update(data);
        bytes += data.length;
      }
    });
    tunnel.onEnd((channel) => void heard.push(`end ${channel}`));
    for (let i = 0; i < 5; i++) {
      const chunk = Buffer.alloc(megabyte, `chunk ${i}`);
      sent.update(chunk);
      await tunnel.send('stdin', chunk);
    }
    tunnel.end('stdin');
    expect(await tunnel.finished).toEqual({ exitCode: 3, error: 'command terminated with exit code 3' });
    expect(bytes).toBe(5 * megabyte);
    expect(received.digest('hex')).toBe(sent.digest('hex'));
    expect(heard).toEqual(['done', 'end stdout']);
  });

  it('hold back a sender whose receiver is slow, and tell each end of the other’s loss', async () => {
    const agent = new Agent({ joinToken: token });
    await until(() => expect(gateway.connector.isConnected('one')).toBe(true));
    const served = new Promise<Tunnel>((resolve) => {
      agent.onTunnel = (_given, tunnel) => resolve(tunnel);
    });
    const going = new AbortController();
    const tunnel = await gateway.connector.openTunnel('one', request, going.signal);
    const remote = await served;
    let accepted = 0;
    const pump = (async () => {
      for (let i = 0; i < 100; i++) {
        await remote.send('stdout', Buffer.alloc(64 * 1024));
        accepted++;
      }
    })().catch((error: Error) => error.message);
    await tunnel.send('stdin', Buffer.from('one frame there, so that frames had time to come back'));
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(accepted).toBe(8);
    going.abort();
    expect(await tunnel.finished).toMatchObject({ error: 'the client went away' });
    expect((await remote.finished).error).toMatch('the client went away');
    expect(await pump).toMatch('the client went away');
    await expect(gateway.connector.openTunnel('two', request)).rejects.toMatchObject({ code: 503, message: 'node "two" is not connected' });
  });
});
