// The tag of an image reference, which decides how it is pulled when nothing else says so. What is no reference has none
// (github.com/distribution/reference).

const hexadecimal = /^[a-f0-9]{64}$/;
const domainPart = '(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])';
const domain = `(?:${domainPart}(?:\\.${domainPart})*|\\[[a-fA-F0-9:]+\\])(?::[0-9]+)?`;
const pathPart = '[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*';
const reference = new RegExp(`^((?:${domain}/)?${pathPart}(?:/${pathPart})*)(?::(\\w[\\w.-]{0,127}))?(?:@(\\w[\\w.+-]*:[0-9a-f]+))?$`);
const nameLengthMax = 255;
const digestLengths: Record<string, number | undefined> = { sha256: 64, sha384: 96, sha512: 128 };

/** `nginx` → `latest`, `r:5000/a:1` → `1`, a digest alone or what nobody could pull → ''. */
export function imageTag(image: string): string {
  // It would be taken for an image's own id.
  if (image.length > 1024 || hexadecimal.test(image)) return '';
  const match = reference.exec(withDomain(image));
  const [, name = '', tag = '', digest = ''] = match ?? [];
  if (!match || name.length > nameLengthMax) return '';
  const [algorithm = '', encoded = ''] = digest.split(':');
  if (digest !== '' && digestLengths[algorithm] !== encoded.length) return '';
  return tag || (digest === '' ? 'latest' : '');
}

/** A first part that is no host is a part of the name. */
function withDomain(image: string): string {
  const slash = image.indexOf('/');
  if (slash < 0) return `docker.io/library/${image}`;
  const first = image.slice(0, slash);
  const isDomain = first === 'localhost' || /[.:]/.test(first) || first.toLowerCase() !== first;
  return isDomain ? image : `docker.io/${image}`;
}
