// The tag of an image reference, which decides how it is pulled when nothing else says so.

/** `nginx` → `latest`, `r:5000/a:1` → `1`, a digest alone → ''. */
export function imageTag(reference: string): string {
  const [name = '', digest] = reference.split('@', 2);
  const last = name.slice(name.lastIndexOf('/') + 1);
  const colon = last.indexOf(':');
  if (colon >= 0) return last.slice(colon + 1);
  return digest ? '' : 'latest';
}
