// The deployment controller's place in the cluster: what it watches, and what its plan is told.
import { Deployment, Pod, ReplicaSet } from '@berth/api';
import { type Caches, type Controller, erased, watches } from '@berth/controller';
import { keyOf } from '@berth/machinery';
import { adoption } from '../adoption.ts';
import { controllerIndex, controllerIndexValues, controllerKey } from '../ownership.ts';
import { type ObservedDeployment, planDeployment } from './plan.ts';
import { isRolling } from './sizes.ts';

const adopted = adoption(Deployment, ReplicaSet, ({ spec }) => spec.selector);

export const deploymentController: Controller<ObservedDeployment> = {
  name: 'deployment-controller',
  owns: ['Deployment.status', 'ReplicaSet.spec.replicas', 'ReplicaSet.metadata.ownerReferences[Deployment]'],
  writes: ['deployments.apps/status', 'replicasets.apps'],
  watches: [watches(Deployment, (deployment) => [keyOf(deployment)]), adopted.watch, watches(Pod, recreatedBy)],
  prepare(caches) {
    caches.of(Pod).addIndex(controllerIndex, controllerIndexValues);
    adopted.prepare(caches);
  },
  observe(key, caches) {
    const deployment = caches.of(Deployment).get(key);
    if (!deployment) return undefined;
    const { namespace = '' } = deployment.metadata;
    const replicaSets = caches.of(ReplicaSet);
    return {
      deployment,
      replicaSets: adopted.candidates(deployment, caches),
      podsOf: (owner) => caches.of(Pod).byIndex(controllerIndex, owner),
      isTaken: (name) => replicaSets.get(keyOf({ metadata: { namespace, name } })) !== undefined,
    };
  },
  plan: planDeployment,
};

/** Only a deployment that recreates waits for pods rather than for replica sets. */
function recreatedBy(pod: Pod, caches: Caches): string[] {
  const [replicaSetKey] = controllerKey(pod, erased(ReplicaSet));
  const replicaSet = replicaSetKey === undefined ? undefined : caches.of(ReplicaSet).get(replicaSetKey);
  const [key] = replicaSet ? controllerKey(replicaSet, erased(Deployment)) : [];
  const deployment = key === undefined ? undefined : caches.of(Deployment).get(key);
  return key !== undefined && deployment && !isRolling(deployment) ? [key] : [];
}
