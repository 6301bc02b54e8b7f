// How a node that has only a token becomes a member: the server's CA is looked at without trust, compared with the token's
// fingerprint, and only a channel that this CA vouches for ever carries the token.

import { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { checkServerIdentity, connect, type DetailedPeerCertificate, type PeerCertificate } from 'node:tls';
import { agentGatewayClient, type agentV1, type JoinToken } from '@berth/protocol';
import * as grpc from '@grpc/grpc-js';
import { fingerprintOf, identityOf, type NodeIdentity, requestCertificate } from './node-identity.ts';

export interface GatewayAddress {
  host: string;
  port: number;
}

const timeoutMs = 15_000;

/** The control plane is not the one that the token is for, or refused it. */
export class JoinError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'JoinError';
  }
}

export function target({ host, port }: GatewayAddress): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}

export async function joinCluster(gateway: GatewayAddress, token: JoinToken, nodeName: string): Promise<NodeIdentity> {
  const ca = await pinnedAuthority(gateway, token.caFingerprint);
  const { key, request } = await requestCertificate(nodeName);
  const client = dialGateway(gateway, { ca: new X509Certificate(ca).toString() });
  try {
    const response = await client.join({ token: token.text, nodeName, certificateRequest: request }, { timeoutMs });
    return identityOf(key, response.certificate, ca);
  } catch (error) {
    const { details, message } = error as grpc.ServiceError;
    throw new JoinError(`the control plane at ${target(gateway)} did not let the node join: ${details || message}`, { cause: error });
  } finally {
    client.close();
  }
}

export async function renewIdentity(gateway: GatewayAddress, nodeName: string, identity: NodeIdentity): Promise<NodeIdentity> {
  const { key, request } = await requestCertificate(nodeName);
  const client = dialGateway(gateway, identity);
  try {
    const response = await client.renew({ certificateRequest: request }, { timeoutMs });
    return identityOf(key, response.certificate, response.ca);
  } finally {
    client.close();
  }
}

/** A connection of its own that trusts only this CA, and shows the certificate where there is one. */
export function dialGateway(
  gateway: GatewayAddress,
  identity: Pick<NodeIdentity, 'ca'> & Partial<NodeIdentity>,
  options: grpc.ClientOptions = {},
): agentV1.AgentGatewayClient {
  const { key, certificate } = identity;
  const verify: grpc.VerifyOptions = {
    checkServerIdentity: (_name, presented) => checkServerIdentity(gateway.host, presented as PeerCertificate),
  };
  const ca = Buffer.from(identity.ca);
  const credentials =
    key && certificate
      ? grpc.credentials.createSsl(ca, Buffer.from(key), Buffer.from(certificate), verify)
      : grpc.credentials.createSsl(ca, null, null, verify);
  // TLS has no server names for addresses, so a name stands in; what the certificate must be for is checked above.
  const name = isIP(gateway.host) ? { 'grpc.ssl_target_name_override': 'berth-gateway' } : {};
  return agentGatewayClient(target(gateway), credentials, { 'grpc.use_local_subchannel_pool': 1, ...name, ...options });
}

/** The CA (DER) at the end of the server's chain, if it is the one that the token names. */
function pinnedAuthority({ host, port }: GatewayAddress, fingerprint: string): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    // Trust is decided below, by the fingerprint; nothing is sent on this connection.
    const socket = connect({ host, port, rejectUnauthorized: false, ALPNProtocols: ['h2'] });
    const fail = (reason: string, cause?: Error) => {
      socket.destroy();
      reject(new JoinError(reason, { cause }));
    };
    socket.setTimeout(timeoutMs, () => fail(`the control plane at ${host}:${port} did not answer within ${timeoutMs / 1000} s`));
    socket.once('error', (error) => fail(`the control plane at ${host}:${port} cannot be reached: ${error.message}`, error));
    socket.once('secureConnect', () => {
      const last = endOfChain(socket.getPeerCertificate(true));
      socket.destroy();
      if (last && fingerprintOf(last) === fingerprint) resolve(last);
      else fail(`the CA of the control plane at ${host}:${port} is not the one in the join token: check the address, or get a new token`);
    });
  });
}

function endOfChain(leaf: DetailedPeerCertificate): Uint8Array | undefined {
  let certificate: DetailedPeerCertificate | undefined = leaf;
  // A root names itself as its issuer; an incomplete chain names none.
  while (certificate?.issuerCertificate && certificate.issuerCertificate.raw !== certificate.raw) {
    if (certificate.issuerCertificate.fingerprint256 === certificate.fingerprint256) break;
    certificate = certificate.issuerCertificate;
  }
  return certificate?.raw;
}
