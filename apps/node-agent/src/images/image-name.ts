// What an image's name in a pod means, by the grammar of container image references (github.com/distribution/reference), and what is
// wrong with one that means nothing, in the words that users know from Kubernetes. Pure.

const domainPart = '[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?';
const domain = `(?:${domainPart}(?:\\.${domainPart})*|\\[[a-fA-F0-9:]+\\])(?::[0-9]+)?`;
const pathPart = '[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*';
const tag = '[\\w][\\w.-]{0,127}';
const digest = '[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}';
const reference = new RegExp(`^${domain}/(${pathPart}(?:/${pathPart})*)(?::(${tag}))?(?:@(${digest}))?$`);
const pathCharactersMax = 255;
const defaultDomain = 'docker.io';
const digestCharacters: Record<string, number> = { sha256: 64, sha384: 96, sha512: 128 };

/** With the tag `latest` where there is neither tag nor digest. @throws Error saying what is wrong with the name */
export function imageReference(image: string): string {
  const fault = faultOf(image);
  if (fault) throw new Error(`couldn't parse image name ${JSON.stringify(image)}: ${fault}`);
  if (image.includes('@')) return image;
  return image.lastIndexOf(':') > image.lastIndexOf('/') ? image : `${image}:latest`;
}

/** With its domain, without tag and digest. @param image that means something */
export function repositoryOf(image: string): string {
  const [host, rest] = splitDomain(image);
  return `${host}/${rest.replace(/[:@].*$/, '')}`;
}

/** As runtimes name what they hold: with its domain. */
export function fullReference(image: string): string {
  const [host, rest] = splitDomain(image);
  return `${host}/${rest}`;
}

function faultOf(image: string): string | undefined {
  if (/^[a-f0-9]{64}$/.test(image)) return `invalid repository name (${image}), cannot specify 64-byte hexadecimal strings`;
  const [host, rest] = splitDomain(image);
  const [repository = ''] = rest.split(':');
  if (repository !== repository.toLowerCase()) return `invalid reference format: repository name (${repository}) must be lowercase`;
  const whole = `${host}/${rest}`;
  const match = reference.exec(whole);
  if (!match) return reference.test(whole.toLowerCase()) ? 'repository name must be lowercase' : 'invalid reference format';
  if ((match[1] ?? '').length > pathCharactersMax) return `repository name must not be more than ${pathCharactersMax} characters`;
  return digestFault(match[3]);
}

/** The first part is a host when it looks like one. */
function splitDomain(image: string): [host: string, rest: string] {
  const slash = image.indexOf('/');
  if (slash < 0) return [defaultDomain, `library/${image}`];
  const [first, rest] = [image.slice(0, slash), image.slice(slash + 1)];
  const isDefault = first === defaultDomain || first === 'index.docker.io';
  const isHost = first === 'localhost' || /[.:]/.test(first) || first !== first.toLowerCase();
  if (!isHost) return [defaultDomain, image];
  return isDefault ? [defaultDomain, rest.includes('/') ? rest : `library/${rest}`] : [first, rest];
}

function digestFault(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  const [algorithm = '', encoded = ''] = text.split(':');
  const characters = digestCharacters[algorithm];
  if (characters === undefined) return 'unsupported digest algorithm';
  if (encoded.length !== characters) return 'invalid checksum digest length';
  return /^[a-f0-9]+$/.test(encoded) ? undefined : 'invalid checksum digest format';
}
