// A server that listens may still fail to accept a connection, for want of memory or descriptors, and reports it as an error of its own;
// Node ends a process over one that nobody listens to. The connection is lost to its client alone.
import type { EventEmitter } from 'node:events';
import type { Clock } from './clock.ts';
import type { Logger } from './logger.ts';

const everyMs = 10_000;

/** At most one line in a while: clients decide how often it happens. @param server listens already */
export function logAcceptErrors(
  server: Pick<EventEmitter, 'on'>,
  { clock, logger }: { clock: Pick<Clock, 'monotonicMs'>; logger: Pick<Logger, 'warn'> },
): void {
  let quietUntilMs = Number.NEGATIVE_INFINITY;
  server.on('error', (error: unknown) => {
    if (clock.monotonicMs() < quietUntilMs) return;
    quietUntilMs = clock.monotonicMs() + everyMs;
    logger.warn('a connection could not be accepted', { error });
  });
}
