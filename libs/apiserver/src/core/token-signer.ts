// Who signs service accounts' tokens for the API, as the core knows it: authentication, which is around the core, has one.

interface Reference {
  name: string;
  uid?: string;
}

export interface TokenSubject {
  namespace: string;
  account: Required<Reference>;
  pod?: Reference;
  node?: Reference;
  secret?: Reference;
}

export interface TokenSigner {
  /** The server's own; a token for nobody in particular is for them. */
  readonly audiences: string[];
  issue(subject: TokenSubject, audiences: string[], expirationSeconds: number): Promise<{ token: string; expiresAtMs: number }>;
}
