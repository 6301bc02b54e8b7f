// The command that does the same, to be copied into a shell.

const needsNoQuotes = /^[A-Za-z0-9_./:=,@%+-]+$/;

/** `kubectl -n shop …`; without a namespace for what has none. */
export function kubectlLine(namespace: string | undefined, ...words: string[]): string {
  return ['kubectl', ...(namespace ? ['-n', namespace] : []), ...words].map(quoted).join(' ');
}

/** As a POSIX shell takes it for one word. */
function quoted(word: string): string {
  return needsNoQuotes.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
