// Which address of the pool each service has. Pure, and made from what services say that they have: so that it is the same after a restart,
// and an address is somebody's until nobody's status says so. What is not allowed any more is that of the oldest that has it.
import type { AddressPool } from './address-pool.ts';

/** What one service has and asks for. */
export interface Claim {
  /** `namespace/name` */
  service: string;
  /** By its status. */
  address: string | undefined;
  /** Its `spec.loadBalancerIP`. */
  wanted: string | undefined;
  /** Services with the same one may share an address; empty: with nobody. */
  sharing: string;
  /** Where its packets may go from the node that takes them; two that share an address have the same. */
  backend: string;
  /** Such as `80/TCP`. */
  ports: string[];
  /** Of a service that is leaving, or another controller's: it has the address until its status says otherwise, and is given none. */
  isFixed?: boolean;
}

export interface Allocation {
  /** By service. */
  addresses: Map<string, string>;
  /** By service: why it has none. */
  problems: Map<string, string>;
  /** By service: why it lost the one that its status says. */
  losses: Map<string, string>;
}

/** @param claims oldest first @param reserved why no service may have an address, as it is a node's; undefined where one may */
export function allocateAddresses(claims: Claim[], pool: AddressPool, reserved: (address: string) => string | undefined): Allocation {
  const allocation: Allocation = { addresses: new Map(), problems: new Map(), losses: new Map() };
  const users = new Map<string, Claim[]>();
  const refusal = (claim: Claim, address: string) =>
    pool.has(address) ? (reserved(address) ?? conflict(claim, users.get(address) ?? [])) : `is not in the pool of addresses (${pool})`;
  const use = (claim: Claim, address: string) => users.set(address, [...(users.get(address) ?? []), claim]);
  const give = (claim: Claim, address: string) => {
    use(claim, address);
    allocation.addresses.set(claim.service, address);
  };
  for (const claim of claims) {
    const { service, address, wanted, isFixed } = claim;
    if (address === undefined) continue;
    if (isFixed) {
      use(claim, address);
      continue;
    }
    const why = wanted && wanted !== address ? 'is not the one that spec.loadBalancerIP asks for' : refusal(claim, address);
    if (why === undefined) give(claim, address);
    else allocation.losses.set(service, `${address} ${why}`);
  }
  // Until its status says otherwise, what one loses is nobody else's.
  for (const claim of claims) if (allocation.losses.has(claim.service) && claim.address !== undefined) use(claim, claim.address);
  const waiting = claims.filter(({ service, isFixed }) => !isFixed && !allocation.addresses.has(service));
  // Those who want a certain address can be given no other one.
  for (const claim of waiting) {
    if (!claim.wanted) continue;
    const why = refusal(claim, claim.wanted);
    if (why === undefined) give(claim, claim.wanted);
    else allocation.problems.set(claim.service, `spec.loadBalancerIP: ${claim.wanted} ${why}`);
  }
  const free = pool.addresses();
  for (const claim of waiting) {
    if (claim.wanted) continue;
    const address = sharedAddress(claim, users, refusal) ?? nextFree(free, (each) => users.has(each) || reserved(each) !== undefined);
    if (address !== undefined) give(claim, address);
    else allocation.problems.set(claim.service, `no address is free in the pool (${pool})`);
  }
  return allocation;
}

/** Of those that share with it already, the first in the pool's order of allocation that it fits. */
function sharedAddress(
  claim: Claim,
  users: ReadonlyMap<string, Claim[]>,
  refusal: (claim: Claim, address: string) => string | undefined,
): string | undefined {
  if (claim.sharing === '') return undefined;
  for (const [address, [first]] of users) if (first?.sharing === claim.sharing && refusal(claim, address) === undefined) return address;
  return undefined;
}

function nextFree(addresses: Iterator<string>, isUsed: (address: string) => boolean): string | undefined {
  for (let next = addresses.next(); !next.done; next = addresses.next()) if (!isUsed(next.value)) return next.value;
  return undefined;
}

function conflict(claim: Claim, users: Claim[]): string | undefined {
  for (const user of users) {
    if (user.sharing === '' || user.sharing !== claim.sharing)
      return `is that of service ${user.service}, which shares it only with those of the same annotation berth.io/shared-address`;
    const port = claim.ports.find((each) => user.ports.includes(each));
    if (port !== undefined) return `is that of service ${user.service}, which has port ${port}, too`;
    if (user.backend !== claim.backend)
      return `is that of service ${user.service}: with externalTrafficPolicy Local, those that share an address select the same pods`;
  }
  return undefined;
}
