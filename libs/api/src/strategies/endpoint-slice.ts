// An endpoint slice's deprecatedTopology is what v1 no longer writes: what changes endpoints drops it, and keeps the node that it named.

import type { EndpointSlice } from '../generated/discovery-v1.types.ts';
import { isEqual } from '../validation/changes.ts';
import { dnsSubdomain } from '../validation/names.ts';

const hostname = 'kubernetes.io/hostname';

export function dropTopology(next: EndpointSlice, old?: EndpointSlice): void {
  if (old && isEqual(next.endpoints, old.endpoints)) return;
  const named = new Set((old?.endpoints ?? []).map((endpoint) => endpoint.deprecatedTopology?.[hostname]));
  for (const endpoint of next.endpoints ?? []) {
    const node = endpoint.deprecatedTopology?.[hostname];
    delete endpoint.deprecatedTopology;
    if (endpoint.nodeName === undefined && node && named.has(node) && dnsSubdomain(node).length === 0) endpoint.nodeName = node;
  }
}
