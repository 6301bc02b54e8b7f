// Ranges of a family that services get no addresses of.
import type { ServiceCIDRSpec } from '../generated/networking-v1.types.ts';
import { ipv4Range } from '../service-addresses/ipv4.ts';

export function serviceCidrWarnings(spec: ServiceCIDRSpec | undefined): string[] {
  return (spec?.cidrs ?? []).flatMap((cidr, index) =>
    ipv4Range(cidr) ? [] : [`spec.cidrs[${index}]: Berth gives services IPv4 addresses only; none is taken from this range`],
  );
}
