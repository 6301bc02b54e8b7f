export { logAcceptErrors } from './accept-errors.ts';
export * from './clock.ts';
export { collectWhenIdle } from './idle-collection.ts';
export { jsonLogger } from './json-logger.ts';
export { KeyedMutex } from './keyed-mutex.ts';
export * from './logger.ts';
export type { Ports } from './ports.ts';
export * from './random.ts';
export { standardErrorLines } from './standard-error.ts';
