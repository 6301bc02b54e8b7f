// Every kind that Berth stores and serves. A new kind is one file in kinds/ and one line here.
import type { KindDefinition, KubeObject } from '@berth/machinery';
import { ConfigMap } from './kinds/config-map.ts';
import { Deployment } from './kinds/deployment.ts';
import { EndpointSlice } from './kinds/endpoint-slice.ts';
import { Endpoints } from './kinds/endpoints.ts';
import { Event } from './kinds/event.ts';
import { Lease } from './kinds/lease.ts';
import { Namespace } from './kinds/namespace.ts';
import { Node } from './kinds/node.ts';
import { PersistentVolume } from './kinds/persistent-volume.ts';
import { PersistentVolumeClaim } from './kinds/persistent-volume-claim.ts';
import { Pod } from './kinds/pod.ts';
import { ReplicaSet } from './kinds/replica-set.ts';
import { Secret } from './kinds/secret.ts';
import { Service } from './kinds/service.ts';
import { ServiceAccount } from './kinds/service-account.ts';
import { StorageClass } from './kinds/storage-class.ts';

/** Forgets the object type: a list of kinds of many types. Callers pass each kind only objects of that kind. */
function erased<T extends KubeObject>(kind: KindDefinition<T>): KindDefinition {
  return kind as unknown as KindDefinition;
}

export const kinds: KindDefinition[] = [
  erased(ConfigMap),
  erased(Deployment),
  erased(EndpointSlice),
  erased(Endpoints),
  erased(Event),
  erased(Lease),
  erased(Namespace),
  erased(Node),
  erased(PersistentVolumeClaim),
  erased(PersistentVolume),
  erased(Pod),
  erased(ReplicaSet),
  erased(Secret),
  erased(ServiceAccount),
  erased(Service),
  erased(StorageClass),
];
