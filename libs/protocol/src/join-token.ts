// A join token carries a secret for the control plane and the SHA-256 of the cluster CA's certificate (DER), by which the
// agent knows that it talks to the right one. Text: anything, a dot, 64 hexadecimal digits.

export interface JoinToken {
  /** The whole token, as the control plane checks it. */
  text: string;
  /** Lower-case hexadecimal. */
  caFingerprint: string;
}

export function parseJoinToken(text: string): JoinToken {
  const trimmed = text.trim();
  const caFingerprint = /^.+[.:]([0-9a-fA-F]{64})$/s.exec(trimmed)?.[1]?.toLowerCase();
  if (!caFingerprint) throw new Error('the join token is malformed: copy it whole, as `berth token` prints it');
  return { text: trimmed, caFingerprint };
}
