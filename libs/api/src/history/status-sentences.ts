// What became of an object: conditions that turned, pods that ran, ended and restarted, rollouts that are done. What merely counts is not said.
import { isRecord, type KubeObject } from '@berth/machinery';
import type { Sentence } from './sentence.ts';

interface Condition {
  type: string;
  status: string;
  reason?: string;
  message?: string;
}

interface ContainerStatus {
  name: string;
  restartCount?: number;
  lastState?: { terminated?: { exitCode?: number; reason?: string } };
  state?: { waiting?: { reason?: string } };
}

interface Status {
  phase?: string;
  reason?: string;
  conditions?: Condition[];
  containerStatuses?: ContainerStatus[];
  initContainerStatuses?: ContainerStatus[];
}

/** On the way to a pod that runs; the phase says as much. */
const passing = new Set(['PodScheduled', 'PodReadyToStartContainers', 'Initialized', 'ContainersReady']);
const waits = new Set(['CrashLoopBackOff', 'ImagePullBackOff', 'ErrImagePull', 'CreateContainerConfigError', 'RunContainerError']);

export function statusSentences(before: KubeObject, after: KubeObject): Sentence[] {
  const [from, to] = [statusOf(before), statusOf(after)];
  return [...phases(from, to), ...conditions(from, to, after.kind), ...containers(from, to)];
}

function statusOf({ status }: KubeObject & { status?: unknown }): Status {
  return isRecord(status) ? (status as Status) : {};
}

function phases(from: Status, to: Status): Sentence[] {
  if (from.phase === to.phase || to.phase === undefined) return [];
  const because = to.reason ? ` (${to.reason})` : '';
  return [{ action: to.reason === 'Evicted' ? 'Evicted' : 'Phase', text: `${from.phase ?? 'new'} → ${to.phase}${because}` }];
}

function conditions(from: Status, to: Status, kind: string): Sentence[] {
  const old = new Map(listed(from.conditions).map((condition) => [condition.type, condition]));
  return listed(to.conditions).flatMap((condition): Sentence[] => {
    const { type, status, reason = '', message = '' } = condition;
    const was = old.get(type);
    if (kind === 'Deployment' && type === 'Progressing') return progress(was, condition);
    if (passing.has(type) || was?.status === status) return [];
    // What is false from the beginning has not changed.
    if (!was && status !== 'True') return [];
    const because = [reason, status === 'True' ? '' : message].filter((part) => part !== '').join(': ');
    return [{ action: 'Condition', text: `${type}: ${was?.status ?? 'none'} → ${status}${because && ` (${because})`}` }];
  });
}

function progress(was: Condition | undefined, { status, reason, message = '' }: Condition): Sentence[] {
  if (was?.reason === reason) return [];
  if (reason === 'NewReplicaSetAvailable') return [{ action: 'RolledOut', text: 'rollout complete' }];
  if (status === 'False') return [{ action: 'RolloutStuck', text: `rollout does not progress: ${message || reason}` }];
  return [];
}

function containers(from: Status, to: Status): Sentence[] {
  const all = ({ containerStatuses, initContainerStatuses }: Status) => [...listed(initContainerStatuses), ...listed(containerStatuses)];
  const old = new Map(all(from).map((status) => [status.name, status]));
  return all(to).flatMap((status): Sentence[] => {
    const { name, restartCount = 0, lastState, state } = status;
    const was = old.get(name);
    if (was && restartCount > (was.restartCount ?? 0)) {
      const { exitCode, reason } = lastState?.terminated ?? {};
      const because = exitCode === undefined ? '' : ` after exit code ${exitCode}${reason ? ` (${reason})` : ''}`;
      return [{ action: 'ContainerRestarted', text: `${name} restarted${because}, restart ${restartCount}` }];
    }
    const waiting = state?.waiting?.reason;
    if (waiting === undefined || !waits.has(waiting) || was?.state?.waiting?.reason === waiting) return [];
    return [{ action: 'ContainerWaits', text: `${name}: ${waiting}` }];
  });
}

function listed<T>(values: T[] | undefined): T[] {
  return Array.isArray(values) ? values.filter(isRecord) : [];
}
