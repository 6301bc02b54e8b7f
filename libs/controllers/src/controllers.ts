// Every controller that the role runs. A new one is one file and one line here.

import type { Controller } from '@berth/controller';
import { autoscalerController } from './autoscaler/controller.ts';
import type { ReadUsages } from './autoscaler/usage-reading.ts';
import { certificateCleaner } from './certificates/cleaner.ts';
import { clusterRoleAggregationController } from './cluster-role-aggregation.ts';
import { cronJobController } from './cron-job/controller.ts';
import { daemonSetController } from './daemon-set/controller.ts';
import { deploymentController } from './deployment/controller.ts';
import { disruptionController } from './disruption/controller.ts';
import { endpointSliceMirroringController } from './endpoints/endpoint-slice-mirroring.ts';
import { endpointSliceController } from './endpoints/endpoint-slices.ts';
import { endpointsController } from './endpoints/endpoints.ts';
import { garbageCollector } from './garbage-collector.ts';
import { builderCleaner } from './image-build/builder-cleaner.ts';
import { imageBuildController } from './image-build/controller.ts';
import { ingressController } from './ingress.ts';
import { jobController } from './job/controller.ts';
import type { AddressPool } from './load-balancer/address-pool.ts';
import { loadBalancerController } from './load-balancer/controller.ts';
import { type FurtherOf, namespaceController } from './namespace.ts';
import { rootCertificateController, serviceAccountController } from './namespace-defaults.ts';
import type { Attendance } from './nodes/attended-time.ts';
import { nodeLifecycleController } from './nodes/node-lifecycle.ts';
import { type NodeMetrics, uncounted } from './nodes/node-metrics.ts';
import { podGcController } from './nodes/pod-gc.ts';
import { taintEvictionController } from './nodes/taint-eviction.ts';
import { replicaSetController, replicationController } from './replicas/controllers.ts';
import { claimUseController } from './resource-claims/claim-use.ts';
import { podClaimController } from './resource-claims/pod-claims.ts';
import { resourceQuotaController } from './resource-quota.ts';
import { ipRepairController } from './service-addresses/repair.ts';
import { serviceCidrsController } from './service-addresses/service-cidrs.ts';
import { statefulSetController } from './stateful-set/controller.ts';
import { attachDetachController } from './volumes/attachment/controller.ts';
import { claimController } from './volumes/claim.ts';
import { ephemeralVolumeController } from './volumes/ephemeral.ts';
import { externalExpansionController } from './volumes/external-expansion.ts';
import { attributesClassProtectionController, claimProtectionController, volumeProtectionController } from './volumes/protection.ts';
import { claimSourceController } from './volumes/snapshots/claim-sources.ts';
import { snapshotContentController } from './volumes/snapshots/content.ts';
import { snapshotDefinitionsController } from './volumes/snapshots/definitions.ts';
import { snapshotController } from './volumes/snapshots/snapshot.ts';
import { storageCapacityController } from './volumes/storage-capacity.ts';
import { volumeController } from './volumes/volume.ts';

export interface ControllersOptions {
  /** PEM of the cluster's CA, for pods that talk to the API; undefined where nothing listens. */
  caCertificate: string | undefined;
  /** How long nodes could give signs of life. */
  attendance: Attendance;
  /** What lost nodes cost; not counted where it is absent. */
  nodeMetrics?: NodeMetrics;
  /** Of cron jobs that name none. */
  timeZone: string;
  /** Of addresses for services; absent: they have those of nodes. */
  loadBalancerPool?: AddressPool;
  /** What pods use now; undefined while it is read. */
  usages(): ReadUsages | undefined;
  /** What servers that extend the API have in a namespace. */
  further?: FurtherOf | undefined;
}

function erase<Observed>(controller: Controller<Observed>): Controller {
  return controller as unknown as Controller;
}

export function controllersFor(options: ControllersOptions): Controller[] {
  const { caCertificate, attendance, timeZone, usages, nodeMetrics = uncounted } = options;
  return [
    erase(replicaSetController),
    erase(replicationController),
    erase(jobController()),
    erase(autoscalerController(usages)),
    erase(cronJobController(timeZone)),
    erase(disruptionController),
    erase(deploymentController),
    erase(statefulSetController),
    erase(clusterRoleAggregationController),
    erase(daemonSetController()),
    erase(endpointSliceController),
    erase(endpointSliceMirroringController),
    erase(endpointsController),
    erase(loadBalancerController(options.loadBalancerPool)),
    erase(ingressController()),
    erase(serviceCidrsController),
    erase(ipRepairController),
    erase(namespaceController(options.further)),
    erase(serviceAccountController),
    erase(resourceQuotaController),
    erase(garbageCollector),
    erase(nodeLifecycleController(attendance, nodeMetrics)),
    erase(taintEvictionController(attendance, nodeMetrics)),
    erase(podGcController(attendance, nodeMetrics)),
    erase(certificateCleaner),
    erase(podClaimController),
    erase(claimUseController),
    erase(claimController),
    erase(ephemeralVolumeController),
    erase(volumeController),
    erase(claimProtectionController),
    erase(volumeProtectionController),
    erase(attributesClassProtectionController),
    erase(storageCapacityController),
    erase(attachDetachController(attendance)),
    erase(externalExpansionController),
    erase(imageBuildController),
    erase(builderCleaner),
    erase(snapshotDefinitionsController),
    erase(snapshotController),
    erase(snapshotContentController),
    erase(claimSourceController),
    ...(caCertificate === undefined ? [] : [erase(rootCertificateController(caCertificate))]),
  ];
}
