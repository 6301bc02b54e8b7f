// The agent's link in a real cluster: joins when the node has no certificate yet, keeps a session over gRPC, and renews the
// certificate before it ends without a restart.
import { X509Certificate } from 'node:crypto';
import { type AgentLink, type JoinToken, parseJoinToken, ReconnectingAgentLink } from '@berth/protocol';
import type { Clock, Logger, Random, Timer } from '@berth/telemetry';
import { GrpcDialer } from './grpc-dialer.ts';
import { type GatewayAddress, JoinError, joinCluster, renewIdentity } from './join.ts';
import { fingerprintOf, IdentityFile, type NodeIdentity } from './node-identity.ts';

export interface GrpcAgentLinkOptions {
  gateway: GatewayAddress;
  nodeName: string;
  /** Where the key and certificate are kept. */
  dataDirectory: string;
  /** As `berth token` prints it; needed until the node has joined, and to join again. */
  joinToken?: string;
  clock: Clock;
  random: Random;
  logger: Logger;
}

/** How often the certificate's age is looked at. */
const renewalCheckMs = 60 * 60_000;

export class GrpcAgentLink implements AgentLink {
  readonly #options: GrpcAgentLinkOptions;
  readonly #token: JoinToken | undefined;
  readonly #file: IdentityFile;
  readonly #link: ReconnectingAgentLink;
  #identity: NodeIdentity | undefined;
  #rejected: NodeIdentity | undefined;
  #timer: Timer | undefined;
  #stopped = false;

  constructor(options: GrpcAgentLinkOptions) {
    this.#options = options;
    this.#token = options.joinToken ? parseJoinToken(options.joinToken) : undefined;
    this.#file = new IdentityFile(options.dataDirectory);
    const dialer = new GrpcDialer(options.gateway, {
      identity: () => this.#ensureIdentity(),
      rejected: (identity) => {
        this.#rejected = identity;
      },
    });
    this.#link = new ReconnectingAgentLink({ ...options, dialer });
  }

  start(...args: Parameters<AgentLink['start']>): void {
    this.#link.start(...args);
    this.#scheduleRenewal();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#timer?.cancel();
    await this.#link.stop();
  }

  setStaticPods(...args: Parameters<AgentLink['setStaticPods']>): void {
    this.#link.setStaticPods(...args);
  }

  reportCsiNode(...args: Parameters<AgentLink['reportCsiNode']>): void {
    this.#link.reportCsiNode(...args);
  }

  reportUsage(...args: Parameters<AgentLink['reportUsage']>): void {
    this.#link.reportUsage(...args);
  }

  reportNode(...args: Parameters<AgentLink['reportNode']>): void {
    this.#link.reportNode(...args);
  }

  reportPod(...args: Parameters<AgentLink['reportPod']>): void {
    this.#link.reportPod(...args);
  }

  reportEvent(...args: Parameters<AgentLink['reportEvent']>): void {
    this.#link.reportEvent(...args);
  }

  reportVolumeMade(...args: Parameters<AgentLink['reportVolumeMade']>): void {
    this.#link.reportVolumeMade(...args);
  }

  reportClaimExpanded(...args: Parameters<AgentLink['reportClaimExpanded']>): void {
    this.#link.reportClaimExpanded(...args);
  }

  reportSnapshot(...args: Parameters<AgentLink['reportSnapshot']>): void {
    this.#link.reportSnapshot(...args);
  }

  reportVolumeRemoved(...args: Parameters<AgentLink['reportVolumeRemoved']>): void {
    this.#link.reportVolumeRemoved(...args);
  }

  refuseTunnel(...args: Parameters<AgentLink['refuseTunnel']>): void {
    this.#link.refuseTunnel(...args);
  }

  accountToken(...args: Parameters<AgentLink['accountToken']>): ReturnType<AgentLink['accountToken']> {
    return this.#link.accountToken(...args);
  }

  /** Undefined before the node has joined. */
  get certificateEndsAtMs(): number | undefined {
    return this.#identity?.notAfterMs;
  }

  /** Renews the certificate if two thirds of its life are over; true when it did. */
  async renewIfDue(): Promise<boolean> {
    const identity = this.#identity;
    if (!identity) return false;
    const { clock, gateway, nodeName, logger } = this.#options;
    const dueMs = identity.notBeforeMs + ((identity.notAfterMs - identity.notBeforeMs) * 2) / 3;
    if (clock.now() < dueMs) return false;
    this.#identity = await renewIdentity(gateway, nodeName, identity);
    await this.#file.save(this.#identity);
    logger.info('the node’s certificate was renewed', { validUntil: new Date(this.#identity.notAfterMs).toISOString() });
    this.#link.redial('the certificate was renewed');
    return true;
  }

  #scheduleRenewal(): void {
    this.#timer = this.#options.clock.after(renewalCheckMs, () => {
      this.renewIfDue()
        .catch((error: Error) =>
          this.#options.logger.error('the node’s certificate was not renewed and is tried again in an hour', { error }),
        )
        .finally(() => {
          if (!this.#stopped) this.#scheduleRenewal();
        });
    });
  }

  async #ensureIdentity(): Promise<NodeIdentity> {
    this.#identity ??= await this.#file.load();
    const problem = this.#problem(this.#identity);
    if (this.#identity && !problem) return this.#identity;
    if (!this.#token) throw new JoinError(`${problem}: start the agent with a join token (berth token)`);
    const { gateway, nodeName, logger } = this.#options;
    const identity = await joinCluster(gateway, this.#token, nodeName);
    await this.#file.save(identity);
    this.#identity = identity;
    logger.info('the node joined the cluster', { node: nodeName });
    return identity;
  }

  /** Why the stored identity cannot be used. */
  #problem(identity: NodeIdentity | undefined): string | undefined {
    if (!identity) return 'the node has not joined a cluster yet';
    if (identity === this.#rejected && this.#token) return 'the control plane does not accept the node’s certificate';
    if (identity.notAfterMs <= this.#options.clock.now()) return 'the node’s certificate has expired';
    const named = new X509Certificate(identity.certificate).subject.split('\n').includes(`CN=system:node:${this.#options.nodeName}`);
    if (!named) return `the node’s certificate is for another name than ${this.#options.nodeName}`;
    const sameCa = !this.#token || fingerprintOf(new X509Certificate(identity.ca).raw) === this.#token.caFingerprint;
    return sameCa ? undefined : 'the join token is for another cluster than the node’s certificate';
  }
}
