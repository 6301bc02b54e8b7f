// Why an expression cannot be used, or has no value for what it was given.

/** Of what cannot be compiled: whether that is before types are looked at, and how many UTF-16 units stand before it. */
export interface Fault {
  isSyntax: boolean;
  position: number | undefined;
}

/** The message says what is wrong, in one line. */
export class ExpressionError extends Error {
  readonly fault: Fault | undefined;

  constructor(message: string, fault?: Fault) {
    super(message);
    this.name = 'ExpressionError';
    this.fault = fault;
  }
}
