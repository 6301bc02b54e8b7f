// What is wrong now, first; then how much there is of everything.
import { findProblems, groupProblems, type ProblemGroup } from '@berth/causes';
import { useMemo } from 'react';
import { sources, useListing } from '../live/listings.ts';
import type { Listing } from '../live/watch-store.ts';
import { eventTime, groupWarnings, recentWarnings, type WarningGroup } from '../model/events.ts';
import { isKnown } from '../model/known.ts';
import { type Mendable, mendableOf, type Objects } from '../model/next-steps.ts';
import { useNow } from '../now.ts';
import { NextSteps } from '../parts/next-steps.tsx';
import { Age, ListingNotice, ObjectLink, State } from '../parts/small.tsx';

const warningsWithinMs = 15 * 60_000;
const shownMax = 100;
const warningsMax = 30;
const coarseMs = 5_000;
/** Further problems have their actions on the pages of their objects: what actions need is watched for each. */
const mendableMax = 8;

function useOverview() {
  const pods = useListing(sources.pods);
  const nodes = useListing(sources.nodes);
  const deployments = useListing(sources.deployments);
  const events = useListing(sources.events);
  const claims = useListing(sources.claims);
  const volumes = useListing(sources.volumes);
  const statefulSets = useListing(sources.statefulSets);
  const daemonSets = useListing(sources.daemonSets);
  const jobs = useListing(sources.jobs);
  const services = useListing(sources.services);
  const endpointSlices = useListing(sources.endpointSlices);
  const autoscalers = useListing(sources.autoscalers);
  const now = useNow(coarseMs);
  // Of services whose endpoints are not known, nothing is known.
  const areEndpointsKnown = isKnown(endpointSlices, pods);
  const groups = useMemo(() => {
    const observed = {
      pods: pods.items,
      nodes: nodes.items,
      deployments: deployments.items,
      events: events.items,
      claims: claims.items,
      volumes: volumes.items,
      statefulSets: statefulSets.items,
      daemonSets: daemonSets.items,
      jobs: jobs.items,
      autoscalers: autoscalers.items,
      services: areEndpointsKnown ? services.items : [],
      endpointSlices: endpointSlices.items,
    };
    return groupProblems(findProblems(observed, now));
  }, [
    pods,
    nodes,
    deployments,
    events,
    claims,
    volumes,
    statefulSets,
    daemonSets,
    jobs,
    autoscalers,
    services,
    endpointSlices,
    areEndpointsKnown,
    now,
  ]);
  const warnings = useMemo(() => groupWarnings(recentWarnings(events.items, now, warningsWithinMs)), [events.items, now]);
  const more = [statefulSets, daemonSets, jobs, services, endpointSlices, autoscalers];
  return { pods, nodes, deployments, events, claims, volumes, statefulSets, daemonSets, jobs, services, more, groups, warnings };
}

/** What actions are done to. */
function objectsOf({
  pods,
  nodes,
  deployments,
  statefulSets,
  daemonSets,
  claims,
  volumes,
  jobs,
  services,
}: ReturnType<typeof useOverview>): Objects {
  return {
    Pod: pods.items,
    Node: nodes.items,
    Deployment: deployments.items,
    StatefulSet: statefulSets.items,
    DaemonSet: daemonSets.items,
    PersistentVolumeClaim: claims.items,
    PersistentVolume: volumes.items,
    Job: jobs.items,
    Service: services.items,
  };
}

export function OverviewPage() {
  const overview = useOverview();
  const { pods, nodes, deployments, events, claims, volumes, more, groups, warnings } = overview;
  const objects = objectsOf(overview);
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
        <h1 id="wrong">What is wrong now {groups.length > 0 && <span className="number">{groups.length}</span>}</h1>
        <Verdict
          listings={[pods, nodes, deployments, events, claims, volumes, ...more]}
          problems={groups.length}
          warnings={warnings.length}
        />
        <ul className="problems" aria-label="Problems">
          {groups.slice(0, shownMax).map((group, index) => (
            <ProblemItem
              key={group.first.group}
              group={group}
              mendable={index < mendableMax ? mendableOf(group.first, objects) : undefined}
            />
          ))}
        </ul>
        {groups.length > shownMax && <p className="quiet">{groups.length - shownMax} more are not shown.</p>}
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

const siblingsMax = 50;

function ProblemItem({ group: { first, all, follows }, mendable }: { group: ProblemGroup; mendable: Mendable | undefined }) {
  return (
    <li className={first.severity} data-kind={first.kind} data-name={first.name} data-reason={first.reason}>
      <div className="what">
        <State tone={first.severity === 'error' ? 'bad' : 'warn'}>{first.reason}</State>
        <ObjectLink kind={first.kind} namespace={first.namespace} name={first.name}>
          {first.kind} {path(first)}
        </ObjectLink>
        {first.since && (
          <span className="quiet">
            for <Age of={first.since} />
          </span>
        )}
      </div>
      <p>{first.message}</p>
      {follows.map((problem) => (
        <p key={`${problem.kind} ${path(problem)}`} className="follows">
          so that{' '}
          <ObjectLink kind={problem.kind} namespace={problem.namespace} name={problem.name}>
            {problem.kind} {path(problem)}
          </ObjectLink>
          : {problem.message}
        </p>
      ))}
      {mendable && <NextSteps mendable={mendable} label={`${first.kind} ${path(first)}`} />}
      {all.length > 1 && (
        <details>
          <summary>and {all.length - 1} more like it</summary>
          <ul>
            {all.slice(1, siblingsMax).map((problem) => (
              <li key={problem.name}>
                <ObjectLink kind={problem.kind} namespace={problem.namespace} name={problem.name} />
              </li>
            ))}
          </ul>
        </details>
      )}
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
