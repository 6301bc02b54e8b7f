// What /livez, /readyz and /healthz say, in the words of kube-apiserver: each check by itself, all of them, and all but some.
// Anybody may ask, so that why a check fails is told in the log alone.
import type { ApiServer } from '../core/api-server.ts';
import { type Exchange, sendNoSuchPage, sendText } from './responses.ts';

export type HealthRoot = 'livez' | 'readyz' | 'healthz';

interface Check {
  name: string;
  roots: HealthRoot[];
  holds(api: ApiServer): Promise<boolean>;
}

const checks: Check[] = [
  { name: 'ping', roots: ['livez', 'readyz', 'healthz'], holds: async () => true },
  // Kubernetes' name for the store, whichever it is.
  { name: 'etcd', roots: ['livez', 'readyz', 'healthz'], holds: ({ health }) => health.storeAnswers() },
  { name: 'watch-cache', roots: ['readyz', 'healthz'], holds: ({ health }) => health.isReady() },
  // Reads and deletions go on, so that this says nothing of whether the server lives.
  { name: 'store-space', roots: ['readyz', 'healthz'], holds: ({ health }) => health.storeHasSpace() },
];

export async function serveHealth(
  exchange: Exchange,
  api: ApiServer,
  root: HealthRoot,
  query: URLSearchParams,
  rest: string[],
): Promise<void> {
  const [only, ...more] = rest;
  const asked = checks.filter(({ name, roots }) => roots.includes(root) && (only === undefined || name === only));
  if (asked.length === 0 || more.length > 0) return sendNoSuchPage(exchange);
  const excluded = new Set(query.getAll('exclude'));
  const looked = await Promise.all(asked.map(async ({ name, holds }) => ({ name, ok: excluded.has(name) || (await holds(api)) })));
  const lines = looked.map(({ name, ok }) => line(name, ok, excluded.has(name)));
  const unknown = [...excluded].filter((name) => !asked.some((check) => check.name === name));
  if (unknown.length > 0) {
    const names = unknown.map((name) => JSON.stringify(name)).join(', ');
    lines.push(`warn: some health checks cannot be excluded: no matches for ${names}`);
  }
  if (only === undefined) exchange.response.setHeader('x-content-type-options', 'nosniff');
  if (looked.some(({ ok }) => !ok)) return sendText(exchange, 500, `${lines.join('\n')}\n${root} check failed\n`);
  return sendText(exchange, 200, query.has('verbose') ? `${lines.join('\n')}\n${root} check passed\n` : 'ok');
}

function line(name: string, ok: boolean, isExcluded: boolean): string {
  if (isExcluded) return `[+]${name} excluded: ok`;
  return ok ? `[+]${name} ok` : `[-]${name} failed: reason withheld`;
}
