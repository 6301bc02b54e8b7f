// Whether clocks agree: certificates, tokens and leases are judged by them. What an agent thinks the time is, nobody can see: the
// control plane writes the leases of nodes. Pure.
import type { Lease } from '@berth/api';
import { error, notChecked, type Outcome, ok, warning } from './outcome.ts';

const remedy = 'set the clock, and keep it right: timedatectl set-ntp true, or chrony';
/** The header counts in seconds, and an answer is under way for a while. */
const skewWarnMs = 3_000;
const skewErrorMs = 30_000;

export interface ClockAsked {
  /** When it was asked, and when it had answered, by the clock of this machine. */
  sentMs: number;
  receivedMs: number;
  /** The header of the answer. */
  dateMs: number | undefined;
}

/** How far this machine is from the server, at least; positive when this machine is ahead. */
export function skewMs(sentMs: number, receivedMs: number, dateMs: number): number {
  // The server wrote down a second that had begun when it did so.
  if (sentMs > dateMs + 1000) return sentMs - (dateMs + 1000);
  return receivedMs < dateMs ? receivedMs - dateMs : 0;
}

export function clockOutcome({ sentMs, receivedMs, dateMs }: ClockAsked): Outcome {
  const check = 'clock: this machine and the API';
  if (dateMs === undefined || Number.isNaN(dateMs)) return notChecked(check, 'the answer of the API has no Date');
  const skew = skewMs(sentMs, receivedMs, dateMs);
  const far = Math.abs(skew);
  const says = `this machine is ${(far / 1000).toFixed(1)} s ${skew > 0 ? 'ahead of' : 'behind'} the API`;
  if (far > skewErrorMs) return error(check, says, remedy);
  if (far > skewWarnMs) return warning(check, says, remedy);
  return ok(check, 'they agree');
}

/** Leases that were renewed in the future: the clock went back, or control planes disagree. */
export function leaseClockOutcome(leases: readonly Lease[], nowMs: number): Outcome {
  const check = 'clock: leases of nodes';
  const ahead = leases.filter(({ spec }) => Date.parse(spec?.renewTime ?? '') - nowMs > skewWarnMs);
  if (leases.length === 0) return notChecked(check, 'no node has a lease');
  if (ahead.length === 0) return ok(check, 'none was renewed in the future');
  const names = ahead.map(({ metadata }) => metadata.name).join(', ');
  return error(check, `renewed in the future: ${names}`, `on the machine of the control plane, ${remedy}`);
}
