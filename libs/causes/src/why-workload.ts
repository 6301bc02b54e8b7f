// Why a workload lacks pods: what refuses them (quota, policy, webhook), or what is wrong with those that there are.
import type { Deployment, Event, Pod, ReplicaSet } from '@berth/api';
import type { KubeObject } from '@berth/machinery';
import { refusalReason } from './more-problems.ts';
import { deploymentProblems, pausedText } from './problems.ts';
import { refusalStep } from './refusal-steps.ts';
import { newestWarning } from './warnings.ts';
import { consequence, isOwnedBy, type Known, kubectl, objectName, type Step, unwell, type Why, well } from './why.ts';
import { whyPod } from './why-pod.ts';

const revision = 'deployment.kubernetes.io/revision';

export function whyDeployment(deployment: Deployment, known: Known): Why {
  const object = objectName('deployment', deployment);
  const { replicas = 1, paused } = deployment.spec;
  const { replicas: made = 0, updatedReplicas = 0, availableReplicas = 0, observedGeneration = 0 } = deployment.status ?? {};
  const { namespace, name, generation = 0 } = deployment.metadata;
  if (observedGeneration < generation) {
    const step = { text: 'look whether the controllers run', command: 'kubectl get componentstatuses' };
    return unwell(object, { reason: 'NotObserved', says: 'its controller has not looked at its newest state yet' }, [step]);
  }
  const sets = known.replicaSets.filter((set) => isOwnedBy(set, deployment)).sort((a, b) => revisionOf(b) - revisionOf(a));
  const [newest] = sets;
  const [problem] = deploymentProblems(deployment);
  // While pods of an older template are there, those that are available may be these alone.
  const isComplete = updatedReplicas >= replicas && availableReplicas >= replicas && made <= updatedReplicas;
  const back: Step[] =
    sets.length > 1 ? [{ text: 'or go back', command: kubectl(namespace, 'rollout', 'undo', `deployment/${name}`) }] : [];
  if (paused && updatedReplicas < replicas) {
    const step = { text: 'let it go on', command: kubectl(namespace, 'rollout', 'resume', `deployment/${name}`) };
    return unwell(object, { reason: 'Paused', says: pausedText(updatedReplicas, replicas) }, [step]);
  }
  if (isComplete && !problem) return well(object, `${availableReplicas} of ${replicas} pods are available and up to date`);
  const older = made > updatedReplicas ? `, ${made - updatedReplicas} of an older one` : '';
  const says = `${availableReplicas} of ${replicas} pods are available, ${updatedReplicas} are of its newest template${older}`;
  const of = newest && whyOwner('replicaset', newest, newest.spec?.replicas ?? 0, known);
  if (of && !of.isWell) return consequence(object, problem?.reason ?? 'Progressing', says, of, back);
  const step = { text: 'watch it go on', command: kubectl(namespace, 'rollout', 'status', `deployment/${name}`) };
  return unwell(object, { reason: problem?.reason ?? 'Progressing', says: problem?.message ?? says }, [step, ...back]);
}

/** Of a controller that makes pods itself. @param wanted how many pods it is to have; undefined when that is not known */
export function whyOwner(kind: string, owner: KubeObject, wanted: number | undefined, known: Known): Why {
  const object = objectName(kind, owner);
  const pods = known.pods.filter((pod) => isOwnedBy(pod, owner));
  const refusal = newestWarning(known.events, owner, /FailedCreate/);
  if (refusal && (wanted === undefined || pods.length < wanted)) return whyRefused(object, owner, refusal, pods.length, wanted);
  const bad = pods.map((pod) => ({ pod, why: whyPod(pod, known) })).filter(({ why }) => !why.isWell);
  const [worst] = bad.sort((a, b) => severity(a.pod) - severity(b.pod));
  if (worst) {
    const says = `${bad.length} of ${pods.length} pods are not well`;
    return consequence(object, 'PodsNotReady', says, worst.why);
  }
  if (wanted !== undefined && pods.length < wanted) {
    const step = { text: 'look whether the controllers run', command: 'kubectl get componentstatuses' };
    return unwell(object, { reason: 'PodsMissing', says: `it has ${pods.length} of ${wanted} pods, and nothing says why` }, [step]);
  }
  return well(object, `its ${pods.length} pods are well`);
}

function whyRefused(object: string, owner: KubeObject, refusal: Event, has: number, wanted: number | undefined): Why {
  const message = (refusal.message ?? '').replace(/^\(combined from similar events\): /, '');
  const says = `its pods are refused${wanted === undefined ? '' : ` (${has} of ${wanted} there)`}: ${message}`;
  const reason = refusalReason(message);
  const since = refusal.firstTimestamp;
  return unwell(object, { reason, says, ...(since && { since }) }, [refusalStep(reason, message, owner.metadata.namespace)]);
}

/** What is furthest from running first. */
function severity({ spec, status }: Pod): number {
  if (!spec.nodeName) return 0;
  return status?.phase === 'Running' ? 2 : 1;
}

function revisionOf({ metadata }: ReplicaSet): number {
  return Number(metadata.annotations?.[revision] ?? 0);
}
