// An error of whoever typed a command, apart from the command line itself so that its parts can throw it.

/** What is wrong with a command line. The message is for whoever typed the command. */
export class UsageError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'UsageError';
  }
}
