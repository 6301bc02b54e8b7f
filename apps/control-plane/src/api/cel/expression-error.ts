// Why an expression cannot be used, or has no value for what it was given.

/** The message says what is wrong, in one line. */
export class ExpressionError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'ExpressionError';
  }
}
