// Which image a build makes: names without a registry are the cluster's, in a part of it that is the namespace's own. Pure.

export class ImageNameError extends Error {}

/** Of the distribution specification, without the host. */
const repositoryForm = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*$/;
const hostForm = /^[a-zA-Z0-9](?:[a-zA-Z0-9.-]*[a-zA-Z0-9])?(?::\d+)?$/;
const tagForm = /^[\w][\w.-]{0,127}$/;

export interface ImageName {
  host: string;
  repository: string;
  tag: string;
}

export interface ImagePlace {
  /** The cluster's, as nodes call it. */
  registry: string;
  namespace: string;
}

/** @throws ImageNameError saying what it should be */
export function imageNameOf(text: string, { registry, namespace }: ImagePlace): ImageName {
  const example = `such as app:1.0, which becomes ${registry}/${namespace}/app:1.0`;
  if (text.includes('@'))
    throw new ImageNameError(`${JSON.stringify(text)} has a digest, which only the build can tell: name a tag, ${example}`);
  const slash = text.indexOf('/');
  const first = slash < 0 ? '' : text.slice(0, slash);
  const hasHost = hostForm.test(first) && (/[.:]/.test(first) || first === 'localhost');
  const rest = hasHost ? text.slice(slash + 1) : text;
  const [path = '', tag = 'latest', ...more] = rest.split(':');
  if (!repositoryForm.test(path) || !tagForm.test(tag) || more.length > 0)
    throw new ImageNameError(`${JSON.stringify(text)} is no name of an image: lower-case letters and digits, then a tag, ${example}`);
  const host = hasHost ? first : registry;
  const repository = hasHost || path.startsWith(`${namespace}/`) ? path : `${namespace}/${path}`;
  if (host === registry && !repository.startsWith(`${namespace}/`))
    throw new ImageNameError(
      `builds in the namespace ${namespace} push to ${registry}/${namespace}/ only: leave ${registry}/ out, or build in the namespace ${repository.split('/')[0]} (-n)`,
    );
  return { host, repository, tag };
}

export function imageText({ host, repository, tag }: ImageName): string {
  return `${host}/${repository}:${tag}`;
}
