// Store failures as the API states them, so that none reaches a client as an internal error.
import { StatusError } from '@berth/machinery';
import { CompactedError, FutureRevisionError, StoreFullError, StoreUnavailableError } from '@berth/store';

/** 504, as Kubernetes answers a version that this server has not seen yet; clients retry. */
export function tooLargeVersion(requested: number | bigint, current: number, isRetriable = true): StatusError {
  const error = StatusError.timeout(`Timeout: Too large resource version: ${requested}, current: ${current}`);
  error.status.details = {
    causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
    ...(isRetriable && { retryAfterSeconds: 1 }),
  };
  return error;
}

/** The error to answer with; errors that are not the store's come back as they are. */
export function statusOf(error: unknown): unknown {
  if (error instanceof CompactedError) return StatusError.expired('The resourceVersion for the provided list is too old.');
  if (error instanceof FutureRevisionError) return StatusError.timeout(`Timeout: Too large resource version: ${error.message}`);
  if (error instanceof StoreFullError) return StatusError.unavailable(`the request was not applied: ${error.message}`);
  if (error instanceof StoreUnavailableError) {
    return StatusError.unavailable(`the store cannot be reached now, the request may or may not have been applied: ${error.message}`);
  }
  return error;
}

/** Runs a store operation and throws what `statusOf` makes of its failure. */
export async function translated<T>(operation: Promise<T>): Promise<T> {
  try {
    return await operation;
  } catch (error) {
    throw statusOf(error);
  }
}
