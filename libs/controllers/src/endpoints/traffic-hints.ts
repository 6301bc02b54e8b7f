// Hints for whoever serves a service's addresses: which zone, and which node, each endpoint is for, where the service prefers what is near
// (trafficDistribution).
import type { Endpoint, Service } from '@berth/api';

const nearby = ['PreferClose', 'PreferSameZone', 'PreferSameNode'];

/** Those that are not ready get none: nobody is to be led to them. */
export function withHints(endpoint: Endpoint, { trafficDistribution = '' }: Service['spec']): Endpoint {
  if (!nearby.includes(trafficDistribution) || !endpoint.conditions?.ready) return endpoint;
  const { zone, nodeName } = endpoint;
  const forNodes = trafficDistribution === 'PreferSameNode' && nodeName ? [{ name: nodeName }] : [];
  if (!zone && forNodes.length === 0) return endpoint;
  return { ...endpoint, hints: { ...(zone && { forZones: [{ name: zone }] }), ...(forNodes.length > 0 && { forNodes }) } };
}
