// An error of whoever typed a command or wrote its file, apart from the rest so that every part of a command line can throw it.

/** What is wrong with a command line or its file. The message names the option, and is for whoever typed the command. */
export class UsageError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'UsageError';
  }
}
