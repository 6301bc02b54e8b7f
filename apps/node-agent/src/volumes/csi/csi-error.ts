// What a storage driver's refusals mean. After some it is known that nothing was done; after others the driver may still be at it, and what was
// begun has to be undone before it is forgotten.
import { status } from '@grpc/grpc-js';

/** As Go's gRPC, and so Kubernetes, names the codes. */
const codeNames: Record<number, string> = {
  [status.CANCELLED]: 'Canceled',
  [status.UNKNOWN]: 'Unknown',
  [status.INVALID_ARGUMENT]: 'InvalidArgument',
  [status.DEADLINE_EXCEEDED]: 'DeadlineExceeded',
  [status.NOT_FOUND]: 'NotFound',
  [status.ALREADY_EXISTS]: 'AlreadyExists',
  [status.PERMISSION_DENIED]: 'PermissionDenied',
  [status.RESOURCE_EXHAUSTED]: 'ResourceExhausted',
  [status.FAILED_PRECONDITION]: 'FailedPrecondition',
  [status.ABORTED]: 'Aborted',
  [status.OUT_OF_RANGE]: 'OutOfRange',
  [status.UNIMPLEMENTED]: 'Unimplemented',
  [status.INTERNAL]: 'Internal',
  [status.UNAVAILABLE]: 'Unavailable',
  [status.DATA_LOSS]: 'DataLoss',
  [status.UNAUTHENTICATED]: 'Unauthenticated',
};

/** The operation may still be under way, or its connection broke before its answer. */
const uncertain = new Set([status.CANCELLED, status.DEADLINE_EXCEEDED, status.UNAVAILABLE, status.RESOURCE_EXHAUSTED, status.ABORTED]);
const detailCharactersMax = 1024;

export class CsiError extends Error {
  readonly code: status;

  constructor(code: status, detail: string) {
    super(`rpc error: code = ${codeNames[code] ?? `Code(${code})`} desc = ${detail.slice(0, detailCharactersMax)}`);
    this.name = 'CsiError';
    this.code = code;
  }
}

/** @returns an error of gRPC in Kubernetes' words; any other as it is */
export function csiError(error: unknown): Error {
  const { code, details, message } = error as { code?: unknown; details?: string; message: string };
  return typeof code === 'number' ? new CsiError(code, details ?? message) : (error as Error);
}

/** Whether it is known that what was asked was not done. */
export function isFinal(error: unknown): boolean {
  return !(error instanceof CsiError && uncertain.has(error.code));
}
