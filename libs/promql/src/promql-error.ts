// What is wrong with an expression or its evaluation, with the place in its text: whoever wrote it mends it there.

/** As the HTTP API of Prometheus names them. */
export type ErrorType = 'bad_data' | 'execution' | 'timeout' | 'canceled';

export class PromqlError extends Error {
  readonly type: ErrorType;

  constructor(type: ErrorType, message: string) {
    super(message);
    this.name = 'PromqlError';
    this.type = type;
  }
}

/** `1:5: parse error: …`, lines and columns from 1. */
export function parseError(text: string, position: number, message: string): PromqlError {
  const before = text.slice(0, position);
  const line = before.split('\n').length;
  const column = position - (before.lastIndexOf('\n') + 1) + 1;
  return new PromqlError('bad_data', `${line}:${column}: parse error: ${message}`);
}
