// What an agent says of its node as a whole, as the kubelet does: about the Node by its name.
import type { AgentEvent } from '@berth/protocol';
import { type Clock, timestamp } from '@berth/telemetry';
import type { NodeFacts } from './node-object.ts';

export function nodeEvent(
  { nodeName }: Pick<NodeFacts, 'nodeName'>,
  reason: string,
  message: string,
  clock: Clock,
  type: AgentEvent['type'] = 'Warning',
): AgentEvent {
  const about = { namespace: '', kind: 'Node', name: nodeName, uid: nodeName, fieldPath: '' };
  return { ...about, type, reason, message, count: 1, at: timestamp(clock) };
}
