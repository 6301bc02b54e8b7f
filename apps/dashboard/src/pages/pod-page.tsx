// One pod: how its containers are and why, why it is where it is, what happened, and its logs.
import {
  type Container,
  type ContainerStatus,
  type DaemonSet,
  type Deployment,
  type Event,
  type Pod,
  type Probe,
  podReadyText,
  podStatusText,
  type StatefulSet,
} from '@berth/api';
import type { ReactNode } from 'react';
import { eventsOf, onePod, useListing, within } from '../live/listings.ts';
import { eventTime, newestFirst } from '../model/events.ts';
import { isKnown } from '../model/known.ts';
import { loggedContainers } from '../model/log-sources.ts';
import { mendableOf, type Objects } from '../model/next-steps.ts';
import { types } from '../model/resource-types.ts';
import { defaultContainer } from '../model/terminal/pod-containers.ts';
import { PodCharts } from '../parts/charts/pod-charts.tsx';
import { ConditionTable } from '../parts/condition-table.tsx';
import { EventTable } from '../parts/event-table.tsx';
import { LogView } from '../parts/log-view.tsx';
import { NextSteps } from '../parts/next-steps.tsx';
import { Age, ListingNotice, ObjectLink, State, toneOf } from '../parts/small.tsx';
import { type Tab, Tabs } from '../parts/tabs.tsx';
import { TerminalTab } from '../parts/terminal/terminal-tab.tsx';
import { YamlTab } from '../parts/yaml-tab.tsx';
import { useRoute } from '../route.ts';

const tabs: Tab[] = [
  { id: '', title: 'Summary' },
  { id: 'metrics', title: 'Metrics' },
  { id: 'terminal', title: 'Terminal' },
  { id: 'yaml', title: 'YAML' },
];

export function PodPage({ namespace, name }: { namespace: string; name: string }) {
  const tab = useRoute().query.get('tab') ?? '';
  const pods = useListing(onePod(namespace, name));
  const events = useListing(eventsOf(namespace, name));
  const [pod] = pods.items;
  if (!pod) {
    if (!isKnown(pods)) return <ListingNotice listings={[pods]} />;
    return (
      <>
        <p className="notice bad">
          There is no pod {namespace}/{name} (any more).
        </p>
        <h2>Events</h2>
        <EventTable events={events} isOfOneObject />
      </>
    );
  }
  const own = events.items.filter(({ involvedObject }) => involvedObject.kind === 'Pod');
  const word = podStatusText(pod);
  return (
    <>
      <h1>
        <span className="quiet">{namespace}/</span>
        {name} <State tone={toneOf(word)}>{word}</State>
      </h1>
      <PodActions pod={pod} />
      <PodFacts pod={pod} events={own} />
      {pod.status?.message && <p className="notice bad">{pod.status.message}</p>}
      <Tabs tabs={tabs} current={tab} />
      {tab === 'metrics' && <PodCharts pod={pod} />}
      {tab === 'terminal' && <TerminalTab pod={pod} />}
      {tab === 'yaml' && <YamlTab type={types.Pod} object={pod} />}
      {tab === '' && <PodSummary pod={pod} events={<EventTable events={events} shown={own} isOfOneObject />} />}
    </>
  );
}

function PodSummary({ pod, events }: { pod: Pod; events: ReactNode }) {
  return (
    <>
      <h2>Containers</h2>
      <ul className="containers">
        {shownContainers(pod).map(({ container, status, sort }) => (
          <ContainerItem key={container.name} container={container} status={status} sort={sort} />
        ))}
      </ul>
      <h2>Logs</h2>
      <LogView containers={loggedContainers([pod])} first={defaultContainer(pod)} name={pod.metadata.name ?? ''} />
      <h2>Conditions</h2>
      <ConditionTable of="pod" conditions={pod.status?.conditions ?? []} />
      <h2>Events</h2>
      {events}
    </>
  );
}

interface ShownContainer {
  container: Container;
  status: ContainerStatus | undefined;
  /** Beside its name; empty for those that the pod is for. */
  sort: string;
}

function shownContainers({ spec, status }: Pod): ShownContainer[] {
  const of = (all: Container[] = [], statuses: ContainerStatus[] | undefined, sort: (container: Container) => string) =>
    all.map((container) => ({ container, status: statusOf(statuses, container), sort: sort(container) }));
  return [
    ...of(spec.initContainers, status?.initContainerStatuses, ({ restartPolicy }) => (restartPolicy === 'Always' ? 'sidecar' : 'init')),
    ...of(spec.containers, status?.containerStatuses, () => ''),
    ...of(spec.ephemeralContainers as Container[] | undefined, status?.ephemeralContainerStatuses, () => 'debug'),
  ];
}

/** What mends a pod is mostly done to the workload that it belongs to. */
function PodActions({ pod }: { pod: Pod }) {
  const { namespace } = pod.metadata;
  const owner = pod.metadata.ownerReferences?.find(({ controller }) => controller)?.kind;
  const deployments = useListing(owner === 'ReplicaSet' ? within<Deployment>(types.Deployment, namespace) : undefined);
  const sets = useListing(owner === 'StatefulSet' ? within<StatefulSet>(types.StatefulSet, namespace) : undefined);
  const daemons = useListing(owner === 'DaemonSet' ? within<DaemonSet>(types.DaemonSet, namespace) : undefined);
  const objects: Objects = { Pod: [pod], Deployment: deployments.items, StatefulSet: sets.items, DaemonSet: daemons.items };
  const mendable = mendableOf({ kind: 'Pod', namespace, name: pod.metadata.name }, objects);
  const { workload } = mendable;
  return (
    <>
      {workload && (
        <p>
          Belongs to{' '}
          <ObjectLink kind={workload.type.kind} namespace={namespace} name={workload.object.metadata.name}>
            {workload.type.kind} {workload.object.metadata.name}
          </ObjectLink>
        </p>
      )}
      <NextSteps mendable={mendable} label={`pod/${pod.metadata.name}`} />
    </>
  );
}

function PodFacts({ pod, events }: { pod: Pod; events: Event[] }) {
  const { namespace } = pod.metadata;
  const owner = pod.metadata.ownerReferences?.find((reference) => reference.controller);
  const placement = newestFirst(events).find(({ reason }) => reason === 'Scheduled' || reason === 'FailedScheduling');
  const scheduled = pod.status?.conditions?.find(({ type, status }) => type === 'PodScheduled' && status === 'False');
  return (
    <dl className="facts">
      <div>
        <dt>Ready</dt>
        <dd>{podReadyText(pod)}</dd>
      </div>
      <div>
        <dt>Age</dt>
        <dd>
          <Age of={pod.metadata.creationTimestamp} />
        </dd>
      </div>
      <div>
        <dt>Node</dt>
        <dd>{pod.spec.nodeName ? <ObjectLink kind="Node" name={pod.spec.nodeName} /> : 'none yet'}</dd>
      </div>
      <div>
        <dt>IP</dt>
        <dd>{pod.status?.podIP ?? '–'}</dd>
      </div>
      <div>
        <dt>Owner</dt>
        <dd>
          {owner ? (
            <ObjectLink kind={owner.kind} namespace={namespace} name={owner.name}>{`${owner.kind} ${owner.name}`}</ObjectLink>
          ) : (
            'none'
          )}
        </dd>
      </div>
      <div>
        <dt>QoS</dt>
        <dd>{pod.status?.qosClass ?? '–'}</dd>
      </div>
      <div>
        <dt>Why {pod.spec.nodeName ? 'on this node' : 'on no node'}</dt>
        <dd>
          {placement ? (
            <>
              {placement.reason}: {placement.message} (<Age of={eventTime(placement)} /> ago)
            </>
          ) : (
            scheduled?.message || 'the event that told is no longer kept'
          )}
        </dd>
      </div>
    </dl>
  );
}

function statusOf(statuses: ContainerStatus[] | undefined, { name }: Container): ContainerStatus | undefined {
  return statuses?.find((status) => status.name === name);
}

function ContainerItem({ container, status, sort }: ShownContainer) {
  const { requests = {}, limits = {} } = container.resources ?? {};
  const [word, detail, since] = stateOf(status);
  const last = status?.lastState?.terminated;
  const lastWords = last && [`exit code ${last.exitCode}`, last.reason, last.message].filter(Boolean).join(', ');
  return (
    <li>
      <div className="what">
        <State tone={toneOf(word)}>{word}</State>
        <b>{container.name}</b>
        {sort && <span className="quiet">{sort}</span>}
        <span className="quiet">
          {status?.ready ? 'ready' : 'not ready'}, {status?.restartCount ?? 0} restarts
          {since && (
            <>
              , for <Age of={since} />
            </>
          )}
        </span>
      </div>
      {detail && <p>{detail}</p>}
      {last && (
        <p className="trouble">
          Last ended <Age of={last.finishedAt} /> ago: {lastWords}
        </p>
      )}
      <dl className="facts">
        <div>
          <dt>Image</dt>
          <dd>{container.image}</dd>
        </div>
        <div>
          <dt>Requests</dt>
          <dd>{amounts(requests)}</dd>
        </div>
        <div>
          <dt>Limits</dt>
          <dd>{amounts(limits)}</dd>
        </div>
        {(['livenessProbe', 'readinessProbe', 'startupProbe'] as const).map(
          (kind) =>
            container[kind] && (
              <Fact key={kind} name={kind.replace('Probe', ' probe')}>
                {probeText(container[kind])}
              </Fact>
            ),
        )}
      </dl>
    </li>
  );
}

function Fact({ name, children }: { name: string; children: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function stateOf(status: ContainerStatus | undefined): [word: string, detail: string, since: string | undefined] {
  const { waiting, running, terminated } = status?.state ?? {};
  if (running) return ['Running', '', running.startedAt];
  if (terminated) {
    const detail = [`exit code ${terminated.exitCode}`, terminated.message].filter(Boolean).join(': ');
    return [terminated.reason || 'Terminated', detail, terminated.finishedAt];
  }
  return [waiting?.reason || 'Pending', waiting?.message ?? '', undefined];
}

function amounts(quantities: Record<string, string>): string {
  return (
    Object.entries(quantities)
      .map(([name, quantity]) => `${name} ${quantity}`)
      .join(', ') || 'none'
  );
}

function probeText(probe: Probe): string {
  const { httpGet, tcpSocket, exec, grpc } = probe;
  const action = httpGet
    ? `GET ${httpGet.scheme?.toLowerCase() ?? 'http'}://:${httpGet.port}${httpGet.path ?? '/'}`
    : tcpSocket
      ? `connect to :${tcpSocket.port}`
      : exec
        ? `run ${exec.command?.join(' ')}`
        : `gRPC :${grpc?.port}`;
  const delay = probe.initialDelaySeconds ? `, after ${probe.initialDelaySeconds} s` : '';
  return `${action}, every ${probe.periodSeconds ?? 10} s${delay}, timeout ${probe.timeoutSeconds ?? 1} s, fails after ${probe.failureThreshold ?? 3}`;
}
