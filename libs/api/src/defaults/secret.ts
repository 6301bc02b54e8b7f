// A secret's write-only convenience: plain text in stringData becomes base64 in data, and wins over what is there.
import { encodeBase64 } from '../encoding/base64.ts';
import type { Secret } from '../generated/core-v1.types.ts';

export function defaultSecret(secret: Secret): void {
  secret.type ||= 'Opaque';
  if (!secret.stringData) return;
  const encoded = Object.entries(secret.stringData).map(([key, text]) => [key, encodeBase64(text)]);
  if (encoded.length > 0) secret.data = { ...secret.data, ...Object.fromEntries(encoded) };
  delete secret.stringData;
}
