// Whether agents are heard of: the control plane renews a node's lease with each sign of life. Pure.
import type { Lease, Node } from '@berth/api';
import { humanDuration } from '@berth/machinery';
import { error, type Outcome, ok, warning } from './outcome.ts';

/** As after which the control plane calls a node lost. */
const silentMs = 40_000;

export function sessionOutcomes(nodes: readonly Node[], leases: readonly Lease[], nowMs: number): Outcome[] {
  if (nodes.length === 0)
    return [warning('nodes', 'there is none: no pod can run', 'add one: berth token join, then berth join on its machine')];
  return nodes.map((node) =>
    sessionOutcome(
      node,
      leases.find(({ metadata }) => metadata.name === node.metadata.name),
      nowMs,
    ),
  );
}

function sessionOutcome({ metadata: { name }, status, spec }: Node, lease: Lease | undefined, nowMs: number): Outcome {
  const check = `node ${name}`;
  const why = `berth why node/${name}; on it, berth status and the agent's log`;
  const heardMs = nowMs - Date.parse(lease?.spec?.renewTime ?? '');
  if (Number.isNaN(heardMs)) return error(check, 'its agent has never been heard of', why);
  if (heardMs > silentMs) return error(check, `its agent has not been heard of for ${humanDuration(heardMs)}`, why);
  const ready = status?.conditions?.find(({ type }) => type === 'Ready');
  if (ready?.status !== 'True') return error(check, `it is not ready: ${ready?.message ?? 'it has reported nothing yet'}`, why);
  const pressure = status?.conditions?.find(({ type, status: state }) => type.endsWith('Pressure') && state === 'True');
  if (pressure) return warning(check, `${pressure.type}: ${pressure.message ?? pressure.reason ?? ''}`, why);
  if (spec?.unschedulable) return warning(check, 'it is ready, and takes no new pods', `kubectl uncordon ${name}`);
  return ok(check, `it is ready, heard of ${humanDuration(Math.max(0, heardMs))} ago`);
}
