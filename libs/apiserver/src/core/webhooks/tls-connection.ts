// TLS as Go's client speaks it: TLS 1.2 at least, HTTP/1.1, and a certificate that names the server in its alternative names. What is
// wrong is said in Go's words.

import { isIP } from 'node:net';
import type { Duplex } from 'node:stream';
import {
  type ConnectionOptions,
  connect,
  type DetailedPeerCertificate,
  getCACertificates,
  checkServerIdentity as nodeCheck,
  type PeerCertificate,
  type TLSSocket,
} from 'node:tls';

export interface Pinned {
  /** PEM; undefined for the roots of the system. */
  ca: string | undefined;
  /** What the certificate must be for: a name or an address. */
  serverName: string;
  /** Whether any certificate will do. */
  isInsecure?: boolean;
  /** What this server shows of itself, PEM. */
  own?: { certificate: string; key: string };
}

let systemRoots: string[] | undefined;

/** Resolves once the server has proven who it is. @param stream destroyed when it has not */
export function secured(stream: Duplex, { ca, serverName, isInsecure = false, own }: Pinned, signal?: AbortSignal): Promise<TLSSocket> {
  systemRoots ??= getCACertificates('system');
  const roots = systemRoots.length > 0 ? systemRoots : getCACertificates('default');
  const options: ConnectionOptions = {
    socket: stream,
    host: serverName,
    ...(isIP(serverName) === 0 && { servername: serverName }),
    ca: ca ?? roots,
    rejectUnauthorized: !isInsecure,
    ...(own && { cert: own.certificate, key: own.key }),
    minVersion: 'TLSv1.2',
    ALPNProtocols: ['http/1.1'],
    checkServerIdentity: identityProblem,
  };
  return new Promise((resolve, reject) => {
    const onAbort = () => fail(signal?.reason);
    const fail = (error: unknown) => {
      signal?.removeEventListener('abort', onAbort);
      stream.destroy();
      reject(error);
    };
    const onError = (error: NodeJS.ErrnoException) =>
      fail(signal?.aborted ? signal.reason : new Error(tlsProblem(error), { cause: error }));
    if (signal?.aborted) return fail(signal.reason);
    signal?.addEventListener('abort', onAbort, { once: true });
    let socket: TLSSocket;
    try {
      socket = connect(options);
    } catch (error) {
      return fail(new Error(`unable to load root certificates: ${(error as Error).message}`, { cause: error }));
    }
    socket.once('error', onError);
    socket.once('close', () => fail(new Error('EOF')));
    socket.once('secureConnect', () => {
      signal?.removeEventListener('abort', onAbort);
      socket.removeListener('error', onError);
      // Whoever uses it hears of its end; until then nobody does.
      socket.on('error', () => {});
      resolve(socket);
    });
  });
}

/** Common names count for nothing, as in Go. */
function identityProblem(serverName: string, certificate: PeerCertificate): Error | undefined {
  const { subjectaltname = '' } = certificate as DetailedPeerCertificate;
  const names = [...subjectaltname.matchAll(/(DNS|IP Address):([^,]+)/g)].map(([, type, name]) => ({ type, name: name ?? '' }));
  if (subjectaltname === '') {
    if (certificate.subject?.CN === undefined || isIP(serverName) !== 0) return new Error(unnamed(serverName, []));
    return new Error('x509: certificate relies on legacy Common Name field, use SANs instead');
  }
  if (!nodeCheck(serverName, certificate)) return undefined;
  const kind = isIP(serverName) === 0 ? 'DNS' : 'IP Address';
  return new Error(
    unnamed(
      serverName,
      names.filter(({ type }) => type === kind).map(({ name }) => name),
    ),
  );
}

function unnamed(serverName: string, names: string[]): string {
  if (isIP(serverName) !== 0 && names.length === 0) {
    return `x509: cannot validate certificate for ${serverName} because it doesn't contain any IP SANs`;
  }
  if (names.length === 0) return `x509: certificate is not valid for any names, but wanted to match ${serverName}`;
  return `x509: certificate is valid for ${names.join(', ')}, not ${serverName}`;
}

const unknownAuthority = 'x509: certificate signed by unknown authority';
const expired = 'x509: certificate has expired or is not yet valid';

const problems: Record<string, string | undefined> = {
  CERT_HAS_EXPIRED: expired,
  CERT_NOT_YET_VALID: expired,
  DEPTH_ZERO_SELF_SIGNED_CERT: unknownAuthority,
  SELF_SIGNED_CERT_IN_CHAIN: unknownAuthority,
  UNABLE_TO_GET_ISSUER_CERT: unknownAuthority,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: unknownAuthority,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: unknownAuthority,
  CERT_SIGNATURE_FAILURE: unknownAuthority,
};

const noTls = ['ERR_SSL_WRONG_VERSION_NUMBER', 'ERR_SSL_PACKET_LENGTH_TOO_LONG'];

function tlsProblem(error: NodeJS.ErrnoException): string {
  const { code = '', message } = error;
  if (noTls.includes(code)) return 'tls: first record does not look like a TLS handshake';
  if (code === 'ECONNRESET') return 'EOF';
  const x509 = problems[code] ?? (message.startsWith('x509: ') ? message : undefined);
  return x509 ? `tls: failed to verify certificate: ${x509}` : `remote error: tls: ${message}`;
}
