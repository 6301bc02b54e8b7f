// What is wrong now, first; then how much there is of everything.
import { useMemo } from 'react';
import { objectsOf, useCards } from '../live/use-cards.ts';
import type { Listing } from '../live/watch-store.ts';
import { eventTime, groupWarnings, recentWarnings, type WarningGroup } from '../model/events.ts';
import { isKnown } from '../model/known.ts';
import { ProblemCard } from '../parts/problem-card.tsx';
import { Age, ListingNotice, ObjectLink, State } from '../parts/small.tsx';

const warningsWithinMs = 15 * 60_000;
const shownMax = 100;
const warningsMax = 30;
/** Further problems have their actions on the pages of their objects: what actions need is asked for each. */
const withActionsMax = 50;

export function OverviewPage() {
  const { cards, listings, known } = useCards();
  const { pods, nodes, deployments, claims, volumes } = listings;
  const objects = useMemo(() => objectsOf(known), [known]);
  const warnings = useMemo(() => groupWarnings(recentWarnings(known.events, known.now, warningsWithinMs)), [known.events, known.now]);
  const running = pods.items.filter((pod) => pod.status?.phase === 'Running').length;
  const ready = nodes.items.filter((node) => node.status?.conditions?.some((found) => found.type === 'Ready' && found.status === 'True'));
  return (
    <>
      <ul className="counts">
        <Count page="nodes" name="nodes ready" of={nodes} value={`${ready.length} / ${nodes.items.length}`} />
        <Count page="pods" name="pods running" of={pods} value={`${running} / ${pods.items.length}`} />
        <Count page="workloads" name="deployments" of={deployments} value={`${deployments.items.length}`} />
        <Count page="volumes" name="claims" of={claims} value={`${claims.items.length}`} />
        <Count page="volumes" name="volumes" of={volumes} value={`${volumes.items.length}`} />
      </ul>
      <section aria-labelledby="wrong">
        <h1 id="wrong">What is wrong now {cards.length > 0 && <span className="number">{cards.length}</span>}</h1>
        <Verdict listings={Object.values<Listing>(listings)} problems={cards.length} warnings={warnings.length} />
        <ul className="problems" aria-label="Problems">
          {cards.slice(0, shownMax).map((card, index) => (
            <ProblemCard key={card.first.group} card={card} objects={index < withActionsMax ? objects : undefined} />
          ))}
        </ul>
        {cards.length > shownMax && <p className="quiet">{cards.length - shownMax} more are not shown.</p>}
      </section>
      {warnings.length > 0 && <Warnings warnings={warnings} />}
    </>
  );
}

/** Whether anything is wrong, as far as that is known; what one may not see is said. */
function Verdict({ listings, problems, warnings }: { listings: Listing[]; problems: number; warnings: number }) {
  const refused = listings.filter(({ state }) => state === 'failed');
  const seen = listings.filter(({ state }) => state !== 'failed');
  const known = isKnown(...seen) && seen.length > 0;
  const words = refused.length > 0 ? 'Nothing is wrong in what you may see.' : 'Nothing is wrong.';
  return (
    <>
      {refused.length > 0 && <p className="quiet">Not known of everything: {refused.map(({ error }) => error).join(' ')}</p>}
      <ListingNotice listings={seen} />
      {!known && problems === 0 && listings.some(({ state }) => state === 'reconnecting') && (
        <p className="notice bad">What is wrong is not known while the control plane cannot be reached.</p>
      )}
      {known && problems === 0 && (
        <p className="notice good">{warnings === 0 ? words : `${words.slice(0, -1)}; there were warnings, below.`}</p>
      )}
    </>
  );
}

function Warnings({ warnings }: { warnings: WarningGroup[] }) {
  return (
    <section aria-labelledby="warnings">
      <h2 id="warnings">Warnings of the last 15 minutes</h2>
      <ul className="problems" aria-label="Warnings">
        {warnings.slice(0, warningsMax).map((group) => (
          <WarningItem key={group.newest.metadata.uid} group={group} />
        ))}
      </ul>
      {warnings.length > warningsMax && <a href="#/events?type=Warning">All {warnings.length}</a>}
    </section>
  );
}

function Count({ page, name, of, value }: { page: string; name: string; of: Listing; value: string }) {
  const isSeen = of.state !== 'failed' && of.state !== 'loading';
  return (
    <li>
      <a href={`#/${page}`} title={of.state === 'failed' ? of.error : undefined}>
        <b>{isSeen ? value : '?'}</b> {name}
      </a>
    </li>
  );
}

function path({ namespace, name }: { namespace?: string | undefined; name?: string | undefined }): string {
  return namespace ? `${namespace}/${name}` : (name ?? '');
}

function WarningItem({ group: { newest, objects, times } }: { group: WarningGroup }) {
  const { kind, namespace, name, apiVersion } = newest.involvedObject;
  return (
    <li className="warning">
      <div className="what">
        <State tone="warn">{newest.reason}</State>
        <ObjectLink kind={kind} namespace={namespace} name={name} apiVersion={apiVersion}>
          {kind} {path({ namespace, name })}
        </ObjectLink>
        <span className="quiet">
          <Age of={eventTime(newest)} /> ago{times > 1 && `, ${times} times`}
          {objects > 1 && ` on ${objects} objects`}
        </span>
      </div>
      <p>{newest.message}</p>
    </li>
  );
}
