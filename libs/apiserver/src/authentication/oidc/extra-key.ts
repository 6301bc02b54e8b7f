// Keys of what else is known of a user: each belongs to a domain, so that those of different makers never meet.
// Source: the reference of AuthenticationConfiguration, claimMappings.extra[].key.

const subdomain = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
/** What may follow the domain: the characters of a URL's path. */
const path = /^[A-Za-z0-9/\-._~%!$&'()*+,;=:]+$/;
const domainLengthMax = 253;
const reserved = ['k8s.io', 'kubernetes.io'];

/** Undefined when there is none. */
export function extraKeyProblem(key: string): string | undefined {
  const mark = key.indexOf('/');
  const [domain, rest] = [key.slice(0, Math.max(mark, 0)), key.slice(mark + 1)];
  if (mark < 1 || !rest) return 'must be a domain-prefixed path, such as example.com/tenant';
  if (key !== key.toLowerCase()) return 'must be lowercase';
  if (!subdomain.test(domain) || domain.length > domainLengthMax) return 'must begin with a domain name';
  if (!path.test(rest)) return 'has characters after the domain that a path may not have';
  if (reserved.some((name) => domain === name || domain.endsWith(`.${name}`)))
    return `is in ${reserved.join(' or ')}, which are reserved for Kubernetes`;
  return undefined;
}
