// What an identity provider answers: bounded in size and time, and by nobody else, as redirects are not followed: whom to trust is decided
// by the address.
import { request } from 'node:https';

const timeoutMs = 10_000;
const bytesMax = 1024 * 1024;

export interface ProviderAnswer {
  code: number;
  text: string;
}

export interface ProviderQuestion {
  /** PEM of who signed its certificate; by default the authorities that the system trusts. */
  certificateAuthority?: string | undefined;
  signal: AbortSignal;
  /** Sent by POST. */
  form?: URLSearchParams;
  headers?: Record<string, string>;
}

/** @throws Error that names the address */
export function askProvider(url: string, question: ProviderQuestion): Promise<ProviderAnswer> {
  const { certificateAuthority: ca, signal, form, headers } = question;
  const body = form?.toString();
  const type = body !== undefined && { 'content-type': 'application/x-www-form-urlencoded', 'content-length': Buffer.byteLength(body) };
  return new Promise((resolve, reject) => {
    const outgoing = request(
      url,
      {
        ...(ca && { ca }),
        method: body === undefined ? 'GET' : 'POST',
        headers: { accept: 'application/json', ...headers, ...type },
        timeout: timeoutMs,
        signal,
        agent: false,
      },
      (response) => {
        const chunks: Buffer[] = [];
        let size = 0;
        response.on('error', reject);
        response.on('data', (chunk: Buffer) => {
          size += chunk.length;
          if (size > bytesMax) outgoing.destroy(new Error(`${url} sent more than ${bytesMax} bytes`));
          chunks.push(chunk);
        });
        response.on('end', () => resolve({ code: response.statusCode ?? 0, text: Buffer.concat(chunks).toString('utf8') }));
      },
    );
    outgoing.on('timeout', () => outgoing.destroy(new Error(`${url} did not answer within ${timeoutMs} ms`)));
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

/** @throws Error for any other answer than 200 */
export async function readProvider(url: string, question: ProviderQuestion): Promise<string> {
  const { code, text } = await askProvider(url, question);
  if (code !== 200) throw new Error(`${url} answered ${code}`);
  return text;
}

/** Where a provider's configuration is (OpenID Connect Discovery 1.0, section 4). */
export function discoveryUrlOf({ issuer, discoveryUrl }: { issuer: string; discoveryUrl?: string }): string {
  return discoveryUrl ?? `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
}
