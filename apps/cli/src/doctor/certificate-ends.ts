// Certificates that end soon although everything that uses one renews it: with a third of its time left. Pure.
import type { CertificateEnd } from '../certificates.ts';
import { error, type Outcome, ok, warning } from './outcome.ts';

const dayMs = 86_400_000;
/** Less than any has left when it is renewed: a node's, the shortest, has ten days. */
const soonDays = 7;

/** @param restart how to start again what renews it */
export function certificateOutcome({ whose, endsAtMs, problem }: CertificateEnd, nowMs: number, restart: string): Outcome {
  const check = `certificate: ${whose}`;
  if (endsAtMs === undefined)
    return error(check, problem ?? 'it cannot be read', `look whether that part runs and may read its files; ${restart}`);
  const end = new Date(endsAtMs).toISOString().slice(0, 10);
  const days = Math.floor((endsAtMs - nowMs) / dayMs);
  if (endsAtMs <= nowMs)
    return error(check, `ended on ${end}`, `renew it: ${restart}; a node joins again with a new token (berth token join)`);
  if (days < soonDays) return warning(check, `ends on ${end}, in ${days} days, and should have been renewed`, `renew it: ${restart}`);
  return ok(check, `until ${end}, for ${days} days`);
}
