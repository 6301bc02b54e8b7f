// Why a pod does not run, or is not ready: its node, its claims, its image, its containers, its probes, in the order in which they come.
import { type Decision, type Pod, volumeClaimNames } from '@berth/api';
import { type Fault, impatience, podFault } from './pod-fault.ts';
import { newestWarning } from './warnings.ts';
import { type Known, kubectl, objectName, type Step, unwell, type Why, well } from './why.ts';
import { whyClaim } from './why-claim.ts';
import { whyNode } from './why-node.ts';

const refusedMax = 5;

export function whyPod(pod: Pod, known: Known): Why {
  const object = objectName('pod', pod);
  if (!pod.spec.nodeName && !pod.metadata.deletionTimestamp && pod.status?.phase !== 'Failed') return whyWithoutNode(pod, known);
  const node = known.nodes.find(({ metadata }) => metadata.name === pod.spec.nodeName);
  if (pod.spec.nodeName && !node && !known.unread.has('nodes')) {
    const says = `its node ${pod.spec.nodeName} is not there`;
    const command = kubectl(pod.metadata.namespace, 'delete', 'pod', pod.metadata.name, '--force', '--grace-period=0');
    return unwell(object, { reason: 'NodeGone', says }, [{ text: 'remove the pod, so that another takes its place', command }]);
  }
  const fault = podFault(pod, known.now, newestWarning(known.events, pod), impatience);
  if (!fault)
    return well(object, pod.status?.phase === 'Succeeded' ? 'it has done its work' : `it runs on ${pod.spec.nodeName} and is ready`);
  const ofNode = node && whyNode(node, known);
  const isOfNode = ofNode && !ofNode.isWell && ofNode.causes[0]?.reason !== 'Cordoned';
  if (isOfNode && (fault.reason === 'Not ready' || pod.metadata.deletionTimestamp)) {
    const finding = { object, reason: fault.reason, says: fault.message || 'its node does not report on it' };
    return { ...ofNode, object, summary: finding.says, causes: [...ofNode.causes, finding] };
  }
  return whyOnNode(pod, fault, known);
}

function whyOnNode(pod: Pod, { reason, message, since }: Fault, known: Known): Why {
  const object = objectName('pod', pod);
  const { namespace, name } = pod.metadata;
  const container = faultyContainer(pod);
  const line = container && known.lastLines.get(`${namespace}/${name}/${container}`);
  const text = message || 'its node has not said why';
  const says = line ? `${text}; its last line: ${line}` : text;
  const steps = stepsFor(pod, reason, says, container);
  const describe: Step = { text: 'everything that is known of it', command: kubectl(namespace, 'describe', 'pod', name) };
  return unwell(object, { reason, says, ...(since && { since }) }, steps.length > 0 ? steps : [describe]);
}

function faultyContainer({ status }: Pod): string | undefined {
  const statuses = [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])];
  const bad = statuses.find(({ ready, state }) => state?.waiting || state?.terminated?.exitCode || (!ready && !state?.terminated));
  return bad?.name;
}

function stepsFor(pod: Pod, reason: string, says: string, container: string | undefined): Step[] {
  const { namespace, name } = pod.metadata;
  const missing = /(secret|configmap|config map) "(?:[^"/]+\/)?([^"]+)" not found/i.exec(says);
  if (missing) {
    const isSecret = missing[1]?.toLowerCase() === 'secret';
    const kind = isSecret ? 'secret generic' : 'configmap';
    const command = kubectl(namespace, 'create', kind, missing[2] ?? '', '--from-literal=KEY=VALUE');
    const fix = {
      type: 'Create' as const,
      kind: isSecret ? ('Secret' as const) : ('ConfigMap' as const),
      namespace,
      name: missing[2] ?? '',
    };
    return [{ text: `make ${kind.split(' ')[0]} ${missing[2]}, or name another in the pod`, command, fix }];
  }
  const key = /find key (\S+) in (Secret|ConfigMap) [^/]+\/(\S+)/.exec(says);
  if (key) {
    const data = key[2] === 'Secret' ? 'stringData' : 'data';
    const patch = JSON.stringify({ [data]: { [key[1] ?? '']: 'VALUE' } });
    const command = kubectl(namespace, 'patch', (key[2] ?? '').toLowerCase(), key[3] ?? '', '-p', `'${patch}'`);
    return [{ text: `add the key ${key[1]} to ${key[2]} ${key[3]}, or ask for one that is there`, command }];
  }
  if (pod.metadata.deletionTimestamp && pod.metadata.finalizers?.length) {
    const text = 'whoever set the finalizers does its work; or take them away, and what they wait for is not done';
    const command = kubectl(namespace, 'patch', 'pod', name, '--type', 'merge', '-p', `'{"metadata":{"finalizers":null}}'`);
    return [{ text, command, fix: { type: 'RemoveFinalizers', kind: 'Pod', namespace, name } }];
  }
  const inContainer = container ? ['-c', container] : [];
  const image = [...(pod.spec.initContainers ?? []), ...pod.spec.containers].find((one) => one.name === container)?.image;
  if (/Image|ErrPull/.test(reason)) {
    const owner = pod.metadata.ownerReferences?.find(({ controller }) => controller);
    const deployment = owner?.kind === 'ReplicaSet' ? owner.name.replace(/-[a-z0-9]+$/, '') : undefined;
    const set = deployment && kubectl(namespace, 'set', 'image', `deployment/${deployment}`, `${container}=IMAGE`);
    const text = `check name and tag of the image ${image}, that the node reaches its registry, and imagePullSecrets where it is private`;
    return [{ text, command: set ?? kubectl(namespace, 'describe', 'pod', name) }];
  }
  if (/OOMKilled|code 137/.test(says)) {
    const text = `container ${container} was killed for its memory: raise resources.limits.memory, or make it use less`;
    return [{ text, command: kubectl(namespace, 'logs', name, ...inContainer, '--previous') }];
  }
  if (reason === 'LivenessProbe')
    return [
      { text: 'mend what the probe asks for, or the probe', command: kubectl(namespace, 'logs', name, ...inContainer, '--previous') },
    ];
  if (/CrashLoopBackOff$|^Error$/.test(reason))
    return [{ text: 'what it said before it ended', command: kubectl(namespace, 'logs', name, ...inContainer, '--previous') }];
  if (reason === 'Unhealthy')
    return [{ text: 'mend what the probe asks for, or the probe', command: kubectl(namespace, 'logs', name, ...inContainer) }];
  return [];
}

function whyWithoutNode(pod: Pod, known: Known): Why {
  const object = objectName('pod', pod);
  const { namespace, name } = pod.metadata;
  const gates = pod.spec.schedulingGates?.map((gate) => gate.name) ?? [];
  if (gates.length > 0) {
    const says = `it waits for its scheduling gates: ${gates.join(', ')}`;
    return unwell(object, { reason: 'SchedulingGated', says }, [{ text: 'whoever set them takes them away' }]);
  }
  const { schedulerName } = pod.spec;
  if (schedulerName && schedulerName !== 'default-scheduler') {
    const says = `it waits for a scheduler named ${schedulerName}, which is not Berth's`;
    return unwell(object, { reason: 'OtherScheduler', says }, [{ text: 'start that scheduler, or take spec.schedulerName away' }]);
  }
  const decision = known.decisions.get(`${namespace}/${name}`);
  const condition = pod.status?.conditions?.find(({ type }) => type === 'PodScheduled');
  const kept = typeof decision === 'object' ? decision : undefined;
  const message = withoutPreemption(kept?.message || condition?.message) || 'the scheduler has not said anything of it';
  const finding = { object, reason: kept?.reason ?? condition?.reason ?? 'Pending', says: message };
  const claim = brokenClaim(pod, known);
  if (claim) return { ...claim, object, summary: message, causes: [...claim.causes, finding] };
  const command = kubectl(namespace, 'get', 'decision', name, '-o', 'yaml');
  const more: Step = kept ? { text: 'what the scheduler decided, node by node', command } : { text: decisionText(decision) };
  const refused = kept?.refused?.slice(0, refusedMax) ?? [];
  const nodes = refused.map(({ node, plugin, reasons }) => ({ object: `node/${node}`, reason: plugin, says: reasons.join(', ') }));
  return { object, isWell: false, summary: message, causes: [finding, ...nodes], steps: [...changes(kept), more] };
}

/** Why nobody can be displaced for it says nothing that mends it. */
function withoutPreemption(message: string | undefined): string | undefined {
  return message?.replace(/\s+preemption: .*$/, '');
}

function decisionText(decision: Decision | string | undefined): string {
  return `there is no decision of the scheduler to look at: ${typeof decision === 'string' ? decision : 'it was not asked for'}`;
}

function changes(decision: Decision | undefined): Step[] {
  return (decision?.leastChanges ?? []).map(({ node, nodeCount, changes }) => {
    const where = nodeCount > 1 ? `${nodeCount} nodes would take it, such as ${node}` : `node ${node} would take it`;
    const command = changes.find(({ type }) => type === 'Uncordon') && `kubectl uncordon ${node}`;
    return { text: `${changes.map(({ text }) => text).join('; and ')} (${where})`, ...(command && { command }) };
  });
}

/** A claim of the pod that waits for something other than the pod. */
function brokenClaim(pod: Pod, known: Known): Why | undefined {
  for (const name of volumeClaimNames(pod)) {
    const claim = known.claims.find(({ metadata }) => metadata.name === name);
    if (!claim && known.unread.has('persistentvolumeclaims')) continue;
    if (!claim) {
      const { namespace } = pod.metadata;
      const text = `make the claim ${name}, or name another in spec.volumes`;
      const step: Step = { text, fix: { type: 'Create', kind: 'PersistentVolumeClaim', namespace, name } };
      return unwell(`pvc/${name}`, { reason: 'NotFound', says: `the claim ${name} is not there` }, [step]);
    }
    const why = whyClaim(claim, known, true);
    if (!why.isWell) return why;
  }
  return undefined;
}
