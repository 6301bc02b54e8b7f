// Paths of Ingresses as requests carry them. Whatever stands in one, the result is visible ASCII: it goes into files whose entries end with a
// space or a line.

/** Characters that a request cannot hold as they are become their percent-encoded form; half a surrogate pair becomes U+FFFD. */
export function servablePath(path: string): string {
  return path.toWellFormed().replace(/[^\x21-\x7e]/gu, encodeURIComponent);
}
