// What draining a node would do to each of its pods, and the button that does it; while it goes on, what is left.
import type { Node, Pod } from '@berth/api';
import { useMemo } from 'react';
import { sources, useListing } from '../live/listings.ts';
import { useAccess } from '../live/use-access.ts';
import { useDrain } from '../live/use-drain.ts';
import type { Listing } from '../live/watch-store.ts';
import { type DrainedPod, drainLine, drainPlan } from '../model/drain.ts';
import { isKnown } from '../model/known.ts';
import { CopyLine } from './copy-line.tsx';
import { ListingNotice, ObjectLink, State, type Tone } from './small.tsx';

const tones: Record<string, Tone> = { evicted: 'warn', waits: 'bad', stays: 'quiet' };

export function DrainTab({ node, pods, own }: { node: Node; pods: Listing<Pod>; own: Pod[] }) {
  const budgets = useListing(sources.budgets);
  const plan = useMemo(() => drainPlan(own, budgets.items), [own, budgets.items]);
  const drain = useDrain(node, own, budgets.items);
  const allowed = useAccess([
    { verb: 'patch', group: '', resource: 'nodes', name: node.metadata.name },
    { verb: 'create', group: '', resource: 'pods', subresource: 'eviction' },
  ]);
  if (!isKnown(pods, budgets)) return <ListingNotice listings={[pods, budgets]} />;
  const leaving = plan.filter(({ fate }) => fate !== 'stays');
  const unmanaged = plan.filter(({ isUnmanaged }) => isUnmanaged).length;
  const losing = plan.filter(({ losesData }) => losesData).length;
  return (
    <section aria-label="Drain">
      <p>
        {leaving.length} of {plan.length} pods would leave the node, which then takes no new ones.
        {unmanaged > 0 && ` ${unmanaged} of them have no owner: nothing replaces them.`}
        {losing > 0 && ` ${losing} of them lose the data of their emptyDir volumes.`}
      </p>
      <CopyLine text={drainLine(node.metadata.name, plan)} />
      <div role="status">
        {drain.state === 'draining' && <p className="notice">Draining: {leaving.length} pods are left.</p>}
        {drain.state === 'done' && <p className="notice good">Drained.</p>}
        {drain.state === 'failed' && <p className="notice bad">{drain.error}</p>}
      </div>
      {allowed.every((isAllowed) => isAllowed === true) && (
        <p>
          {drain.state === 'draining' ? (
            <button type="button" onClick={drain.stop}>
              Stop
            </button>
          ) : (
            <button type="button" className="danger" onClick={drain.start}>
              Drain now
            </button>
          )}
        </p>
      )}
      {allowed.includes(false) && <p className="quiet">You may not drain it.</p>}
      <Fates plan={plan} />
    </section>
  );
}

function Fates({ plan }: { plan: DrainedPod[] }) {
  return (
    <table className="data wrap" aria-label="Pods of the node">
      <thead>
        <tr>
          <th>Pod</th>
          <th className="w-status">What happens</th>
          <th>Why</th>
        </tr>
      </thead>
      <tbody>
        {plan.map(({ pod: { metadata }, fate, why, losesData }) => (
          <tr key={metadata.uid}>
            <td>
              <ObjectLink kind="Pod" namespace={metadata.namespace} name={metadata.name}>
                {metadata.namespace}/{metadata.name}
              </ObjectLink>
            </td>
            <td>
              <State tone={tones[fate] ?? 'quiet'}>{fate}</State>
            </td>
            <td>{losesData ? `${why}; its emptyDir data is lost` : why}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
