export { logAcceptErrors } from './accept-errors.ts';
export * from './clock.ts';
export { collectWhenIdle } from './idle-collection.ts';
export { jsonLogger } from './json-logger.ts';
export * from './logger.ts';
export * from './random.ts';
export { standardErrorLines } from './standard-error.ts';
