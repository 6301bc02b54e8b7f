// The log of a process: one JSON line an event on standard error, so that it can be read by people and by machines.
import type { Clock } from './clock.ts';
import type { Logger, LogLevel } from './logger.ts';

const order: LogLevel[] = ['debug', 'info', 'warn', 'error'];

/** @param write takes one whole line. */
export function jsonLogger(clock: Pick<Clock, 'now'>, level: LogLevel, write: (line: string) => void): Logger {
  return build(clock, order.indexOf(level), write, {});
}

function build(clock: Pick<Clock, 'now'>, least: number, write: (line: string) => void, fields: Record<string, unknown>): Logger {
  const log =
    (level: LogLevel) =>
    (message: string, more: Record<string, unknown> = {}) => {
      if (order.indexOf(level) < least) return;
      const line = { time: new Date(clock.now()).toISOString(), level, message, ...fields, ...more };
      write(`${JSON.stringify(line, errorsAsText)}\n`);
    };
  return {
    debug: log('debug'),
    info: log('info'),
    warn: log('warn'),
    error: log('error'),
    with: (more) => build(clock, least, write, { ...fields, ...more }),
  };
}

function errorsAsText(_name: string, value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString();
  if (!(value instanceof Error)) return value;
  return { name: value.name, message: value.message, stack: value.stack, ...(value.cause !== undefined && { cause: value.cause }) };
}
