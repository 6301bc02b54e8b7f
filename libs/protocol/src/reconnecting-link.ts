// The agent's side of a session over any wire: keeps one open, redials with jittered back-off, and sends what is unconfirmed
// again. What must hold: one session at a time, and nothing of an abandoned session reaches the handler.
import type { KubeObject } from '@berth/machinery';
import type { Clock, Logger, Random, Timer } from '@berth/telemetry';
import type {
  AccountToken,
  AccountTokenRequest,
  AgentEvent,
  AgentLink,
  ClaimExpansion,
  CsiNodeReport,
  DesiredState,
  PodStatusReport,
  SessionHandler,
  SnapshotReport,
  Tunnel,
  TunnelRequest,
  UsageReport,
} from './agent-link.ts';
import type { AgentToGateway, GatewayToAgent, VolumeReport } from './session-messages.ts';
import { StatusOutbox } from './status-outbox.ts';

/** One open session. `closed` of its events is called once, also after `close`. */
export interface SessionWire {
  send(message: AgentToGateway): void;
  /** Opens the stream that the gateway asked for. */
  openTunnel(tunnelId: string): Promise<Tunnel>;
  accountToken(request: AccountTokenRequest): Promise<AccountToken>;
  close(): void;
}

export interface SessionEvents {
  message(message: GatewayToAgent): void;
  /** @param isRefused nobody listens where the gateway is to be, on a machine that answers: it is about to start */
  closed(reason: string, isRefused?: boolean): void;
}

/** Reaches the gateway; joins or renews first where there is a certificate to get. */
export interface SessionDialer {
  /** Rejects when the gateway cannot be reached or refuses. */
  dial(events: SessionEvents): Promise<SessionWire>;
  close(): void;
}

type Hello = () => { revision: number; bootId: string; node: KubeObject };
interface Open {
  wire: SessionWire;
  welcomed: boolean;
}

const backOffMsFirst = 200;
const backOffMsMax = 15_000;
/** A try that is refused costs a packet each way, and a control plane that starts anew is there soon. */
const refusedBackOffMsMax = 2_000;
/** Without a word from the gateway for this many heartbeats, or for a minute before the first, the session is dead. */
const silentHeartbeatsMax = 4;
const welcomeTimeoutMs = 60_000;

export class ReconnectingAgentLink implements AgentLink {
  readonly #outbox = new StatusOutbox();
  readonly #ports: { dialer: SessionDialer; clock: Clock; random: Random; logger: Logger };
  #handler: SessionHandler | undefined;
  #hello: Hello | undefined;
  #open: Open | undefined;
  /** Distinguishes dials, so that late news of an earlier one is ignored. */
  #attempt = 0;
  #failures = 0;
  #timer: Timer | undefined;
  #silence: Timer | undefined;
  #flush: Timer | undefined;
  #due: Timer | undefined;
  #heartbeatMs = 0;
  #stopped = true;

  constructor(ports: { dialer: SessionDialer; clock: Clock; random: Random; logger: Logger }) {
    this.#ports = ports;
  }

  start(handler: SessionHandler, hello: Hello): void {
    this.#handler = handler;
    this.#hello = hello;
    this.#stopped = false;
    this.#dial();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#attempt++;
    for (const timer of [this.#timer, this.#silence, this.#flush, this.#due]) timer?.cancel();
    this.#open?.wire.close();
    this.#open = undefined;
    this.#ports.dialer.close();
  }

  /** Leaves this session for a new one, e.g. to use a new certificate. */
  redial(reason: string): void {
    if (this.#open) this.#lost(this.#attempt, reason);
  }

  reportNode(status: object): void {
    this.#outbox.addNode(status);
    this.#scheduleFlush();
  }

  reportPod(report: PodStatusReport): void {
    this.#outbox.addPod(report);
    this.#scheduleFlush();
  }

  reportEvent(event: AgentEvent): void {
    this.#outbox.addEvent(event);
    this.#scheduleFlush();
  }

  setStaticPods(pods: KubeObject[]): void {
    this.#outbox.setStaticPods(pods);
    this.#scheduleFlush();
  }

  reportCsiNode(report: CsiNodeReport): void {
    this.#outbox.setCsiNode(report);
    this.#scheduleFlush();
  }

  reportUsage(usage: UsageReport): void {
    if (this.#open?.welcomed) this.#open.wire.send({ type: 'nodeUsage', usage });
  }

  reportVolumeMade(persistentVolume: string, uid: string, error?: string): void {
    this.#reportVolume('volumeMade', { persistentVolume, uid, ...(error && { error }) });
  }

  reportVolumeRemoved(persistentVolume: string, uid: string, error?: string): void {
    this.#reportVolume('volumeRemoved', { persistentVolume, uid, ...(error && { error }) });
  }

  #reportVolume(type: 'volumeMade' | 'volumeRemoved', report: VolumeReport): void {
    this.#outbox.addVolume({ type, report });
    this.#scheduleFlush();
  }

  reportClaimExpanded(report: ClaimExpansion): void {
    this.#outbox.addVolume({ type: 'claimExpanded', report });
    this.#scheduleFlush();
  }

  reportSnapshot(type: 'snapshotTaken' | 'snapshotRemoved', report: SnapshotReport): void {
    this.#outbox.addVolume({ type, report });
    this.#scheduleFlush();
  }

  refuseTunnel(tunnelId: string, code: number, message: string): void {
    this.#open?.wire.send({ type: 'tunnelRefused', tunnelId, code, message });
  }

  accountToken(request: AccountTokenRequest): Promise<AccountToken> {
    if (!this.#open?.welcomed) return Promise.reject(new Error('there is no session with the control plane'));
    return this.#open.wire.accountToken(request);
  }

  #dial(): void {
    const attempt = ++this.#attempt;
    this.#ports.dialer
      .dial({
        message: (message) => this.#receive(attempt, message),
        closed: (reason, isRefused) => this.#lost(attempt, reason, isRefused),
      })
      .then((wire) => this.#opened(attempt, wire))
      .catch((error: Error) => this.#lost(attempt, error.message));
  }

  #opened(attempt: number, wire: SessionWire): void {
    if (this.#stopped || attempt !== this.#attempt || !this.#hello) {
      wire.close();
      return;
    }
    this.#open = { wire, welcomed: false };
    const hello = this.#hello();
    this.#expectWord(welcomeTimeoutMs);
    wire.send({ type: 'hello', hello: { ...hello, nodeName: hello.node.metadata.name, takesBack: true } });
  }

  #receive(attempt: number, message: GatewayToAgent): void {
    const open = this.#open;
    if (attempt !== this.#attempt || !open || !this.#handler) return;
    this.#expectWord(this.#heartbeatMs > 0 ? this.#heartbeatMs * silentHeartbeatsMax : welcomeTimeoutMs);
    if (message.type === 'welcome') {
      this.#failures = 0;
      open.welcomed = true;
      this.#heartbeatMs = message.welcome.heartbeatSeconds * 1000;
      this.#handler.welcome(message.welcome);
      this.#beat(attempt);
      this.#scheduleFlush();
    } else if (message.type === 'desired') {
      this.#confirmVolumes(message.state);
      this.#handler.desired(message.state);
    } else if (message.type === 'acknowledged') {
      this.#outbox.acknowledge(message.sequence, message.unwritten ?? [], this.#ports.clock.monotonicMs());
      this.#scheduleFlush();
    } else this.#openTunnel(open, message.request);
  }

  /** What follows a report shows that it arrived: a volume that was made is another one then, and one that was removed is gone. */
  #confirmVolumes({ objects, removed }: DesiredState): void {
    for (const { kind, metadata } of objects) if (kind === 'PersistentVolume') this.#outbox.confirmVolume(metadata.name, 'volumeMade');
    for (const { kind, name } of removed) if (kind === 'PersistentVolume' || kind === 'DiskSnapshot') this.#outbox.confirmVolume(name);
    for (const { kind, metadata } of objects)
      if (kind === 'PersistentVolumeClaim') this.#outbox.confirmVolume(`${metadata.namespace}/${metadata.name}`, 'claimExpanded');
    // One that is asked for again: what was said of it before has arrived.
    for (const { kind, metadata } of objects) if (kind === 'DiskSnapshot') this.#outbox.confirmVolume(metadata.name);
  }

  #openTunnel(open: Open, request: TunnelRequest): void {
    this.#handler?.openTunnel(request, () => open.wire.openTunnel(request.tunnelId));
  }

  #beat(attempt: number): void {
    if (attempt !== this.#attempt || !this.#open) return;
    this.#open.wire.send({ type: 'heartbeat' });
    this.#timer?.cancel();
    this.#timer = this.#ports.clock.after(this.#heartbeatMs, () => this.#beat(attempt));
  }

  #expectWord(withinMs: number): void {
    const attempt = this.#attempt;
    this.#silence?.cancel();
    this.#silence = this.#ports.clock.after(withinMs, () => this.#lost(attempt, `nothing came from the control plane for ${withinMs} ms`));
  }

  /** Reports of the same moment leave together. */
  #scheduleFlush(): void {
    if (this.#flush || !this.#open?.welcomed) return;
    this.#flush = this.#ports.clock.after(0, () => {
      this.#flush = undefined;
      const open = this.#open;
      if (open?.welcomed) for (const message of this.#outbox.take(this.#ports.clock.monotonicMs())) open.wire.send(message);
      this.#flushWhenDue();
    });
  }

  /** What could not be written is sent again by itself. */
  #flushWhenDue(): void {
    const { clock } = this.#ports;
    const { dueMs } = this.#outbox;
    this.#due?.cancel();
    if (dueMs === undefined || !this.#open?.welcomed) return;
    this.#due = clock.after(Math.max(0, dueMs - clock.monotonicMs()), () => this.#scheduleFlush());
  }

  #lost(attempt: number, reason: string, isRefused = false): void {
    if (attempt !== this.#attempt || this.#stopped) return;
    this.#attempt++;
    const open = this.#open;
    this.#open = undefined;
    for (const timer of [this.#timer, this.#silence]) timer?.cancel();
    open?.wire.close();
    this.#outbox.sessionLost();
    const delayMs = this.#backOffMs(open?.welcomed ?? false, isRefused ? refusedBackOffMsMax : backOffMsMax);
    this.#ports.logger.warn('no session with the control plane', { reason, retryMs: delayMs });
    this.#timer = this.#ports.clock.after(delayMs, () => this.#dial());
    if (open) this.#handler?.disconnected(reason);
  }

  /** Half fixed, half chance, so that a thousand agents do not return at once. */
  #backOffMs(wasWelcomed: boolean, mostMs: number): number {
    if (!wasWelcomed) this.#failures++;
    const ceiling = Math.min(mostMs, backOffMsFirst * 2 ** Math.min(this.#failures, 10));
    return Math.round(ceiling / 2 + (ceiling / 2) * this.#ports.random.next());
  }
}
