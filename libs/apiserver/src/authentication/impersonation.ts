// `kubectl --as`: the request counts as somebody else's. Every part of that has to be allowed; ignoring the headers would do
// with all rights what was meant to be tried with few.
import { StatusError } from '@berth/machinery';
import type { Attributes } from '../core/authorizer.ts';
import type { ServedRequest } from '../core/served-message.ts';
import type { User } from '../core/types.ts';
import { accountGroups, accountOf, anonymousName, authenticatedGroup, unauthenticatedGroup } from './names.ts';

const prefix = 'impersonate-';
const extraPrefix = 'impersonate-extra-';
const simple = ['impersonate-user', 'impersonate-group', 'impersonate-uid'];

/** Every value is a question to the authorizer. */
const valuesMax = 256;

type Headers = ServedRequest['headersDistinct'];

/** Whether a request says to be somebody else's in any way: asked of every request, so it must cost next to nothing. */
export function isImpersonating(headers: ServedRequest['headers']): boolean {
  for (const name in headers) if (name.startsWith(prefix)) return true;
  return false;
}

/** @throws StatusError Forbidden for the first part that `user` may not take on */
export async function impersonated(user: User, headers: Headers, authorize: (attributes: Attributes) => Promise<void>): Promise<User> {
  const names = Object.keys(headers).filter((name) => name.startsWith(prefix));
  if (names.length === 0) return user;
  const unknown = names.find((header) => !simple.includes(header) && !header.startsWith(extraPrefix));
  if (unknown !== undefined)
    throw StatusError.badRequest(`the header ${unknown} is not supported: impersonate users, groups, uids and extras`);
  const name = single(headers, 'impersonate-user');
  if (!name) throw StatusError.badRequest('requested impersonation without impersonating a user');
  const uid = single(headers, 'impersonate-uid');
  const groups = headers['impersonate-group'] ?? [];
  const extra = extraOf(headers);
  if (groups.length + Object.values(extra).flat().length > valuesMax) {
    throw StatusError.badRequest(`more than ${valuesMax} groups and extras were impersonated`);
  }
  for (const attributes of questions(name, groups, uid, extra)) await authorize(attributes);
  return {
    name,
    groups: completeGroups(name, groups),
    ...(uid && { uid }),
    ...(Object.keys(extra).length > 0 && { extra }),
  };
}

function questions(name: string, groups: string[], uid: string | undefined, extra: Record<string, string[]>): Attributes[] {
  const verb = 'impersonate';
  const account = accountOf(name);
  const special = 'authentication.k8s.io';
  return [
    account ? { verb, group: '', resource: 'serviceaccounts', ...account } : { verb, group: '', resource: 'users', name },
    ...groups.map((group) => ({ verb, group: '', resource: 'groups', name: group })),
    ...Object.entries(extra).flatMap(([subresource, values]) =>
      values.map((value) => ({ verb, group: special, resource: 'userextras', subresource, name: value })),
    ),
    ...(uid ? [{ verb, group: special, resource: 'uids', name: uid }] : []),
  ];
}

/** A service account has its groups unless others were named; everybody is either authenticated or not. */
function completeGroups(name: string, named: string[]): string[] {
  const account = accountOf(name);
  const groups = account && named.length === 0 ? accountGroups(account.namespace) : named;
  if (groups.includes(unauthenticatedGroup)) return groups;
  if (name === anonymousName) return [...groups, unauthenticatedGroup];
  return groups.includes(authenticatedGroup) ? groups : [...groups, authenticatedGroup];
}

function single(headers: Headers, header: string): string | undefined {
  const values = headers[header] ?? [];
  if (values.length > 1) throw StatusError.badRequest(`the header ${header} was given more than once`);
  return values[0];
}

/** Keys are case-insensitive and percent-encoded, since headers allow few characters. */
function extraOf(headers: Headers): Record<string, string[]> {
  const found: [string, string[]][] = [];
  for (const [header, values] of Object.entries(headers)) {
    if (header.startsWith(extraPrefix) && values) found.push([decoded(header.slice(extraPrefix.length)), values]);
  }
  // Object.fromEntries makes own fields, also of a key such as __proto__.
  return Object.fromEntries(found);
}

function decoded(key: string): string {
  try {
    return decodeURIComponent(key);
  } catch {
    // Half an escape stands for itself, as in Kubernetes.
    return key;
  }
}
