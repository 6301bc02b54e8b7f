// The gateway's gRPC methods: who calls is proven here, and streams become session channels and tunnels.
import type { X509Certificate } from 'node:crypto';
import { StatusError } from '@berth/machinery';
import { type agentV1, decodeAgentMessage, encodeControlMessage, FrameTunnel, type Input, ProtocolError } from '@berth/protocol';
import type { Clock, Logger } from '@berth/telemetry';
import * as grpc from '@grpc/grpc-js';
import type { GatewayPki } from './gateway-pki.ts';
import { IdentityError, nodeOfCertificate } from './peer-identity.ts';
import type { SessionHub } from './session-hub.ts';

/** The part of a call that says who makes it. */
interface Authenticated {
  getAuthContext(): { sslPeerCertificate?: { raw: Buffer } | undefined };
}
interface Failing {
  emit(event: 'error', error: Error): boolean;
}
type SessionStream = grpc.ServerDuplexStream<agentV1.AgentMessage, Input<agentV1.ControlMessage>>;
type TunnelStream = grpc.ServerDuplexStream<agentV1.TunnelFrame, Input<agentV1.TunnelFrame>>;

const dnsSubdomain = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;

export interface ServicePorts {
  hub: SessionHub;
  pki: GatewayPki;
  authorities: X509Certificate[];
  clock: Clock;
  logger: Logger;
}

/** Whether the peer has proven to be one of the cluster's nodes. */
export function isNode(call: Authenticated, authorities: X509Certificate[], clock: Clock): boolean {
  try {
    nodeOfCertificate(call.getAuthContext().sslPeerCertificate?.raw, authorities, clock.now());
    return true;
  } catch {
    // The call itself is refused with the reason.
    return false;
  }
}

export function agentGatewayHandlers(ports: ServicePorts): agentV1.AgentGatewayHandlers {
  const caller = (call: unknown) => {
    const peer = (call as Authenticated).getAuthContext().sslPeerCertificate;
    return nodeOfCertificate(peer?.raw, ports.authorities, ports.clock.now());
  };
  const answer = (nodeName: string, request: Buffer) =>
    ports.pki.authority.signNodeRequest(request, nodeName).then((certificate) => ({ certificate, ca: ports.pki.authority.der }));
  return {
    join: (call, done) => {
      respond(ports.logger, done, async () => {
        const { nodeName, token, certificateRequest } = call.request;
        if (!(await ports.pki.verifyJoinToken(token)))
          throw new IdentityError('the join token is wrong or has expired: make a new one with `berth token`');
        if (nodeName.length > 253 || !dnsSubdomain.test(nodeName))
          throw StatusError.badRequest(`${JSON.stringify(nodeName)} is no node name`);
        ports.logger.info('node joins', { node: nodeName });
        return answer(nodeName, certificateRequest);
      });
    },
    renew: (call, done) => respond(ports.logger, done, async () => answer(caller(call), call.request.certificateRequest)),
    accountToken: (call, done) => respond(ports.logger, done, async () => ports.hub.accountTokens.issue(caller(call), call.request)),
    session: (call) => guarded(call, () => serveSession(call, caller(call), ports)),
    tunnel: (call) => guarded(call, () => serveTunnel(call, caller(call), ports.hub)),
  };
}

function respond<T>(logger: Logger, done: grpc.sendUnaryData<T>, work: () => Promise<T>): void {
  work().then(
    (value) => done(null, value),
    (error: Error) => {
      logger.warn('an agent’s request was refused', { error: error.message });
      done(statusOf(error));
    },
  );
}

/** A stream that may not be served ends with the reason. */
function guarded(call: Failing, serve: () => void): void {
  try {
    serve();
  } catch (error) {
    fail(call, error as Error);
  }
}

/** Ends a stream with a status. Destroying it instead would leave the peer without a word: grpc-js listens for the event. */
function fail(call: Failing, error: Error): void {
  call.emit('error', statusOf(error));
}

function statusOf(error: Error): Error & Partial<grpc.StatusObject> {
  return Object.assign(new Error(error.message), { code: grpcCode(error), details: error.message });
}

function grpcCode(error: Error): grpc.status {
  if (error instanceof IdentityError) return grpc.status.UNAUTHENTICATED;
  if (error instanceof ProtocolError) return grpc.status.INVALID_ARGUMENT;
  if (error instanceof StatusError && error.code < 500) return grpc.status.INVALID_ARGUMENT;
  return grpc.status.UNAVAILABLE;
}

function serveSession(call: SessionStream, nodeName: string, ports: ServicePorts): void {
  const session = ports.hub.accept(nodeName, {
    send: (message) => call.write(encodeControlMessage(message)),
    close: (reason) => fail(call, new Error(reason)),
  });
  call.on('data', (message) => {
    try {
      session.receive(decodeAgentMessage(message));
    } catch (error) {
      session.close((error as Error).message);
    }
  });
  call.on('drain', () => session.drained());
  call.on('error', (error) => session.close(error.message));
  call.on('cancelled', () => session.close('the connection broke'));
  call.on('end', () => session.close('the agent ended the session'));
}

/** The first frame names the tunnel; what follows is its own. */
function serveTunnel(call: TunnelStream, nodeName: string, hub: SessionHub): void {
  let ended = false;
  const tunnel = new FrameTunnel({
    write: (frame) => (ended ? undefined : call.write(frame)),
    end: () => {
      if (!ended) call.end();
      ended = true;
    },
    destroy: (error) => {
      ended = true;
      fail(call, error);
    },
  });
  let opened = false;
  call.on('data', (frame) => {
    if (opened) return tunnel.receive(frame);
    opened = true;
    if (frame.channel === 'OPEN' && hub.expectsTunnel(frame.tunnelId, nodeName)) hub.tunnelOpened(frame.tunnelId, nodeName, tunnel);
    else fail(call, StatusError.badRequest(`nobody waits for tunnel ${JSON.stringify(frame.tunnelId)}`));
  });
  call.on('drain', () => tunnel.carrierDrained());
  call.on('end', () => tunnel.carrierEnded());
  call.on('error', (error) => tunnel.carrierBroke(error));
  call.on('cancelled', () => tunnel.carrierBroke(new Error('the connection to the node broke')));
}
