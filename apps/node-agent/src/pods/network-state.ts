// What the node's network is to serve and to enforce: what the control plane says, with the addresses that workers have seen. Pure.
import { isTerminal, type Pod } from '@berth/api';
import type { NetworkState } from '../network/network.ts';
import { configMirror } from '../static-pods/mirror-annotation.ts';
import type { DesiredCache } from './desired-cache.ts';

/** What is known here of a pod, whether it is still wanted or not. */
export interface AddressedPod {
  pod: Pod;
  address: { ips: string[]; isKnown: boolean };
}

const zoneLabel = 'topology.kubernetes.io/zone';

type Wanted = Pick<
  DesiredCache,
  'node' | 'pods' | 'services' | 'endpointSlices' | 'peers' | 'heldAddresses' | 'nameServers' | 'policies' | 'addressSets'
>;

export function networkState(desired: Wanted, known: AddressedPod[]): NetworkState {
  const byUid = new Map(known.map((each) => [each.pod.metadata.uid ?? '', each]));
  const wanted = desired.pods();
  const uids = new Set(wanted.map(uidHere));
  // The address of a pod that has ended may be another's by now.
  const pods = wanted.filter(({ status }) => !isTerminal(status?.phase)).map((pod) => withAddress(pod, byUid.get(uidHere(pod))));
  const unwanted = known.filter(({ pod }) => !uids.has(pod.metadata.uid ?? ''));
  const leaving = unwanted.map((each) => withAddress(each.pod, each)).filter(({ status }) => status?.podIP);
  const nameServers = desired.nameServers();
  const zone = desired.node()?.metadata.labels?.[zoneLabel];
  // What the API holds will do until the runtime was asked.
  const areKnown = known.every(({ pod, address }) => address.isKnown || pod.status?.podIP !== undefined);
  return {
    services: desired.services(),
    endpointSlices: desired.endpointSlices(),
    pods,
    peers: desired.peers(),
    heldAddresses: desired.heldAddresses(),
    ...(nameServers && { nameServers }),
    ...(zone !== undefined && { zone }),
    ...(areKnown && { policies: { policies: desired.policies(), addressSets: desired.addressSets(), leaving } }),
  };
}

/** A mirror stands for the pod that the node runs by itself. */
function uidHere({ metadata }: Pod): string {
  return metadata.annotations?.[configMirror] ?? metadata.uid ?? '';
}

/** What the API holds of a pod's status may be older than what is known here. */
function withAddress(pod: Pod, known: AddressedPod | undefined): Pod {
  if (!known?.address.isKnown) return pod;
  const { podIP: _, ...status } = pod.status ?? {};
  const [podIP] = known.address.ips;
  return { ...pod, status: podIP === undefined ? status : { ...status, podIP } };
}
