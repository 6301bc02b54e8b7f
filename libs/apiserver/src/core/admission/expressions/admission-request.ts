// What is said of a request to whoever judges it: expressions see it as their variable `request`, webhooks in their AdmissionReview.
import type { KindDefinition } from '@berth/machinery';
import { type AdmissionFacts, type GroupVersionKind, groupVersionKind, namespaceOf, requestedKind } from './admission-facts.ts';

/** What matched: see matching/. */
export interface Matched {
  resource: KindDefinition;
  kind: GroupVersionKind;
}

/** An AdmissionRequest without objects; what is empty is absent. */
export function admissionRequest(facts: AdmissionFacts, match: Matched): object {
  const requested = requestedKind(facts);
  const { user, operation, name, subresource, dryRun = false, options } = facts;
  const namespace = namespaceOf(facts);
  return {
    kind: groupVersionKind(match.kind),
    resource: resourceOf(match.resource),
    ...(subresource && { subResource: subresource, requestSubResource: subresource }),
    requestKind: groupVersionKind(facts.bodyKind ?? requested),
    requestResource: resourceOf(requested),
    ...(name && { name }),
    ...(namespace && { namespace }),
    operation,
    userInfo: {
      ...(user.name && { username: user.name }),
      ...(user.uid && { uid: user.uid }),
      ...(user.groups.length > 0 && { groups: user.groups }),
      ...(user.extra && { extra: user.extra }),
    },
    dryRun,
    options: options ?? null,
  };
}

function resourceOf({ group, version, plural }: KindDefinition): object {
  return { group, version, resource: plural };
}
