// What a Service holds for itself alone: its cluster IP as an IPAddress object, each node port as a key. Each is created in
// the transaction that writes the Service and deleted in the one that removes it, so no crash, race or second API server can
// hand one out twice or leak it.
import { clusterAddress, IPAddress, type Service, serviceAddress } from '@berth/api';
import { type FieldError, managedAfterUpdate, StatusError, setManagedFields } from '@berth/machinery';
import type { Write } from '@berth/store';
import { type Clock, type Random, timestamp } from '@berth/telemetry';
import type { Guard } from '../commit.ts';
import { componentUsers, managerOf } from '../component-users.ts';
import { nodePortPrefix, storageKey } from '../keys.ts';
import { erased } from '../kinds-by-name.ts';
import { stampNew } from '../metadata.ts';
import { encodeStored, rememberStored, toBytes } from '../object-codec.ts';

export interface Claim {
  field: string;
  value: unknown;
  /** How the server says that it is taken. */
  refusal: string;
  /** What is stored while it is held. */
  reservation(ports: Ports): Uint8Array;
}

export interface Ports {
  clock: Clock;
  random: Random;
}

export function addressKey(address: string): string {
  return storageKey(IPAddress, undefined, address);
}

/** What a Service holds, by key. */
export function held(service: Service | undefined): Map<string, Claim> {
  const claims = new Map<string, Claim>();
  if (!service?.spec) return claims;
  const { spec } = service;
  const ip = clusterAddress(service);
  if (ip !== undefined) claims.set(addressKey(ip), addressClaim(ip, service));
  const refusal = 'provided port is already allocated';
  const { namespace, name, uid } = service.metadata;
  const reservation = () => toBytes({ namespace, name, uid });
  (spec.ports ?? []).forEach(({ nodePort }, index) => {
    if (nodePort) claims.set(nodePortPrefix + nodePort, { field: `spec.ports[${index}].nodePort`, value: nodePort, refusal, reservation });
  });
  const health = spec.healthCheckNodePort;
  if (health) claims.set(nodePortPrefix + health, { field: 'spec.healthCheckNodePort', value: health, refusal, reservation });
  return claims;
}

function addressClaim(ip: string, { metadata }: Service): Claim {
  return {
    field: 'spec.clusterIPs',
    value: [ip],
    refusal: `failed to allocate IP ${ip}: provided IP is already allocated`,
    reservation: (ports) => storedAddress(ip, metadata, ports),
  };
}

/** The IPAddress of a Service as the API server writes it. */
export function storedAddress(ip: string, holder: { namespace?: string | undefined; name: string }, { clock, random }: Ports): Uint8Array {
  const object = serviceAddress(ip, holder);
  stampNew(erased(IPAddress), object, clock, random);
  const author = { manager, apiVersion: object.apiVersion, subresource: undefined, time: timestamp(clock) };
  setManagedFields(object, managedAfterUpdate(IPAddress.schema, undefined, object, author));
  const stored = encodeStored(object);
  rememberStored(stored, object);
  return stored;
}

const manager = managerOf(componentUsers.apiServer);

/** Creates the key. What the server picked itself is picked again when taken; what was `asked` for is refused. */
export function claimGuard(key: string, claim: Claim, service: Service, asked: boolean, ports: Ports): Guard {
  return {
    compare: { key, target: 'version', version: 0 },
    write: { type: 'put', key, value: claim.reservation(ports) },
    onConflict() {
      if (asked) throw refused(claim, service);
    },
  };
}

export function refused({ field, value, refusal }: Claim, { metadata }: Service): StatusError {
  const error: FieldError = { type: 'Invalid', field, value, detail: refusal };
  return StatusError.invalid({ group: '', kind: 'Service' }, metadata.name ?? '', [error]);
}

export function releaseOf(key: string): Write {
  return { type: 'delete', key };
}
