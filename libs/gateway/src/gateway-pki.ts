// The port of certificates.

/** What the gateway needs of `@berth/pki`; a CertificateAuthority and a ServingCertificate fit. */
export interface GatewayPki {
  authority: {
    /** The CA's certificate. */
    der: Uint8Array;
    /** PKCS#10 in, certificate out, both DER; for `system:node:<name>` whatever subject was asked for. */
    signNodeRequest(request: Uint8Array, nodeName: string): Promise<Uint8Array>;
  };
  serving: {
    /** PEM. The chain sent ends with the CA, as joining agents check its fingerprint. */
    context: { key: string; cert: string };
    onRenewed(listener: () => void): () => void;
  };
  verifyJoinToken(token: string): Promise<boolean>;
}
