// Why a node is not ready, or takes no pods: its agent, what it runs out of, its network, its taints.
import type { Node, NodeCondition } from '@berth/api';
import { humanDuration } from '@berth/machinery';
import { ageMs } from './age.ts';
import { ownCertificateProblems } from './certificate-problems.ts';
import { renewal } from './problem-steps.ts';
import { nodeProblems } from './problems.ts';
import { type Known, objectName, type Step, unwell, type Why, well } from './why.ts';

type Asked = Pick<Known, 'now'> & Partial<Pick<Known, 'certificateEnds'>>;

export function whyNode(node: Node, { now, certificateEnds = [] }: Asked): Why {
  const object = objectName('node', node);
  const [problem] = nodeProblems(node);
  const ready = node.status?.conditions?.find(({ type }) => type === 'Ready');
  if (problem?.reason === 'Cordoned') {
    const step = { text: 'let it take pods again', command: `kubectl uncordon ${node.metadata.name}` };
    return unwell(object, { reason: problem.reason, says: problem.message, ...(problem.since && { since: problem.since }) }, [step]);
  }
  if (problem) {
    const says = problem.reason === 'Node lost' ? silence(ready, now) : problem.message || 'it says nothing more';
    return unwell(object, { reason: problem.reason, says, ...(problem.since && { since: problem.since }) }, stepsFor(problem.reason, node));
  }
  const own = certificateEnds.filter(({ kind, name }) => kind === 'Node' && name === node.metadata.name);
  const [ending] = ownCertificateProblems({ certificateEnds: own, now });
  if (ending) return unwell(object, { reason: ending.reason, says: ending.message }, [renewal('systemctl restart berth-agent')]);
  const taints = (node.spec?.taints ?? []).filter(({ effect }) => effect !== 'PreferNoSchedule');
  const text = taints.map(({ key, value, effect }) => `${key}${value ? `=${value}` : ''}:${effect}`).join(', ');
  return well(object, taints.length > 0 ? `it is ready, and takes pods that tolerate ${text}` : 'it is ready and takes pods');
}

function silence(ready: NodeCondition | undefined, now: number): string {
  const silentMs = ageMs(ready?.lastHeartbeatTime, now);
  const since = silentMs === undefined ? '' : ` for ${humanDuration(silentMs)}`;
  return `its agent has been silent${since}: the machine, its network or the agent is down`;
}

function stepsFor(reason: string, { metadata, status }: Node): Step[] {
  const address = status?.addresses?.find(({ type }) => type === 'InternalIP')?.address;
  const describe: Step = { text: 'its conditions and events', command: `kubectl describe node ${metadata.name}` };
  if (reason === 'Node lost' || reason === 'NotReady') {
    const where = address ? ` (${address})` : '';
    return [
      { text: `on the machine${where}: look at the agent and start it`, command: 'systemctl status berth-agent; berth status' },
      describe,
    ];
  }
  if (reason === 'DiskPressure') return [{ text: 'free space on its disk: images, logs, volumes', command: 'df -h' }, describe];
  if (reason === 'MemoryPressure')
    return [
      { text: 'see who uses its memory', command: `kubectl top pods -A --sort-by=memory --field-selector spec.nodeName=${metadata.name}` },
      describe,
    ];
  return [describe];
}
