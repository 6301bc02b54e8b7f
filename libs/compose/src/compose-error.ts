// What is wrong with a compose file, in words that name the file, the line and the key.

export class ComposeError extends Error {
  override readonly name = 'ComposeError';
}
