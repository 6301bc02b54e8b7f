// Why a workload lacks pods: what refuses them (quota, policy, webhook), or what is wrong with those that there are.
import type { Deployment, Event, Pod, ReplicaSet } from '@berth/api';
import type { KubeObject } from '@berth/machinery';
import { deploymentProblems } from './problems.ts';
import { consequence, isOwnedBy, type Known, kubectl, newestWarning, objectName, type Step, unwell, type Why, well } from './why.ts';
import { whyPod } from './why-pod.ts';

const revision = 'deployment.kubernetes.io/revision';

export function whyDeployment(deployment: Deployment, known: Known): Why {
  const object = objectName('deployment', deployment);
  const { replicas = 1, paused } = deployment.spec;
  const { updatedReplicas = 0, availableReplicas = 0, observedGeneration = 0 } = deployment.status ?? {};
  const { namespace, name, generation = 0 } = deployment.metadata;
  if (observedGeneration < generation) {
    const step = { text: 'look whether the controllers run', command: 'kubectl get componentstatuses' };
    return unwell(object, { reason: 'NotObserved', says: 'its controller has not looked at its newest state yet' }, [step]);
  }
  const sets = known.replicaSets.filter((set) => isOwnedBy(set, deployment)).sort((a, b) => revisionOf(b) - revisionOf(a));
  const [newest] = sets;
  const [problem] = deploymentProblems(deployment);
  const isComplete = updatedReplicas >= replicas && availableReplicas >= replicas;
  const back: Step[] =
    sets.length > 1 ? [{ text: 'or go back', command: kubectl(namespace, 'rollout', 'undo', `deployment/${name}`) }] : [];
  if (paused && !isComplete) {
    const step = { text: 'let it go on', command: kubectl(namespace, 'rollout', 'resume', `deployment/${name}`) };
    return unwell(object, { reason: 'Paused', says: `it is paused, with ${updatedReplicas} of ${replicas} pods as they should be` }, [
      step,
    ]);
  }
  if (isComplete && !problem) return well(object, `${availableReplicas} of ${replicas} pods are available and up to date`);
  const says = `${availableReplicas} of ${replicas} pods are available, ${updatedReplicas} of them are of its newest template`;
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
  const { namespace } = owner.metadata;
  const message = refusal.message ?? '';
  const says = `its pods are refused${wanted === undefined ? '' : ` (${has} of ${wanted} there)`}: ${message}`;
  if (/exceeded quota/.test(message))
    return unwell(object, { reason: 'Quota', says }, [
      { text: 'raise the quota, or ask for less', command: kubectl(namespace, 'describe', 'resourcequota') },
    ]);
  if (/violates PodSecurity/.test(message)) {
    const step = {
      text: 'change the pod template as it says, or the level of the namespace',
      command: `kubectl get namespace ${namespace} -o yaml`,
    };
    return unwell(object, { reason: 'PodSecurity', says }, [step]);
  }
  if (/admission webhook/.test(message)) {
    const command = 'kubectl get validatingwebhookconfigurations,mutatingwebhookconfigurations';
    return unwell(object, { reason: 'Webhook', says }, [{ text: 'change what the webhook refuses, or mend the webhook', command }]);
  }
  if (/ValidatingAdmissionPolicy/.test(message)) {
    const command = 'kubectl get validatingadmissionpolicies,validatingadmissionpolicybindings';
    return unwell(object, { reason: 'Policy', says }, [{ text: 'change what the policy refuses, or the policy', command }]);
  }
  const serviceAccount = /serviceaccount "([^"]+)" not found/.exec(message)?.[1];
  if (serviceAccount)
    return unwell(object, { reason: 'ServiceAccount', says }, [
      { text: 'make it', command: kubectl(namespace, 'create', 'serviceaccount', serviceAccount) },
    ]);
  return unwell(object, { reason: refusal.reason ?? 'FailedCreate', says }, [{ text: 'change the pod template as it says' }]);
}

/** What is furthest from running first. */
function severity({ spec, status }: Pod): number {
  if (!spec.nodeName) return 0;
  return status?.phase === 'Running' ? 2 : 1;
}

function revisionOf({ metadata }: ReplicaSet): number {
  return Number(metadata.annotations?.[revision] ?? 0);
}
