// Whether what Berth listens on is Berth's: a port that another program has keeps a part from starting, or answers in its place. Pure.
import type { Holder, Listener } from './listeners.ts';
import { error, notChecked, type Outcome, ok } from './outcome.ts';
import type { ExpectedPort } from './places.ts';

export interface PortsSeen {
  listeners: readonly Listener[];
  /** By the inode of a listener. */
  holders: ReadonlyMap<string, Holder>;
}

const everywhere = new Set(['0.0.0.0', '::', '']);

/** Whether both cannot listen at once, or the one answers for the other. */
export function meets(expected: Pick<ExpectedPort, 'host' | 'port'>, listener: Pick<Listener, 'host' | 'port'>): boolean {
  if (expected.port !== listener.port) return false;
  const wanted = expected.host === 'localhost' ? '127.0.0.1' : expected.host;
  return wanted === listener.host || everywhere.has(wanted) || everywhere.has(listener.host);
}

/** @param start how to start what does not listen */
export function portOutcome(expected: ExpectedPort, { listeners, holders }: PortsSeen, start: string): Outcome {
  const check = `port: ${expected.name}`;
  const address = `${expected.host}:${expected.port}`;
  const there = listeners.filter((listener) => meets(expected, listener));
  if (there.length === 0) return error(check, `nobody listens on ${address}`, `start it: ${start}`);
  const known = there.flatMap(({ inode }) => holders.get(inode) ?? []);
  const stranger = known.find(({ command }) => !command.includes(expected.program));
  if (stranger) {
    const { pid, name } = stranger;
    return error(check, `${address} is taken by ${name} (process ${pid})`, `end or move ${name} (kill ${pid}), then ${start}`);
  }
  const [own] = known;
  if (!own) return notChecked(check, `who listens on ${address} is seen by root only: sudo berth doctor`);
  return ok(check, `${address}, ${own.name} (process ${own.pid})`);
}
