// kube_pod_container_* and kube_pod_init_container_*: the containers of pods, with the same metrics for both kinds of them.
import type { Container, ContainerState, ContainerStatus, Pod } from '@berth/api';
import { counter, type Family, gauge, type Labels, type Sample, samplesOf, seconds } from '../family.ts';
import { resourceSamples } from '../resources.ts';

type Group = 'container' | 'init_container';
type StateName = keyof ContainerState;

export function containerFamilies(group: Group): Family<Pod>[] {
  const prefix = `kube_pod_${group}`;
  /** A sample of each container's status that says something. */
  const each = (name: string, help: string, of: (status: ContainerStatus) => number | boolean | undefined, labels?: LabelsOf) =>
    gauge<Pod>(`${prefix}_${name}`, help, (pod) => statusSamples(pod, group, of, labels));
  const inState = (state: StateName) =>
    each(`status_${state}`, `Whether a container is ${state}.`, (status) => status.state?.[state] !== undefined);
  return [
    gauge(`${prefix}_info`, 'What a container is made of.', (pod) =>
      statusSamples(
        pod,
        group,
        () => 1,
        (status, container) => imageLabels(status, container),
      ),
    ),
    inState('waiting'),
    inState('running'),
    inState('terminated'),
    each('status_ready', 'Whether a container is ready.', ({ ready }) => ready),
    each(
      'status_waiting_reason',
      'Why a container waits.',
      ({ state }) => (state?.waiting?.reason ? 1 : undefined),
      ({ state }) => ({ reason: state?.waiting?.reason }),
    ),
    each(
      'status_terminated_reason',
      'Why a container ended.',
      ({ state }) => (state?.terminated?.reason ? 1 : undefined),
      ({ state }) => ({ reason: state?.terminated?.reason }),
    ),
    each(
      'status_last_terminated_reason',
      'Why the run of a container before this one ended.',
      ({ lastState }) => (lastState?.terminated?.reason ? 1 : undefined),
      ({ lastState }) => ({ reason: lastState?.terminated?.reason }),
    ),
    each('status_last_terminated_exitcode', 'With what the run before this one ended.', ({ lastState }) => lastState?.terminated?.exitCode),
    each('status_last_terminated_timestamp', 'When the run before this one ended, in seconds since 1970.', ({ lastState }) =>
      seconds(lastState?.terminated?.finishedAt),
    ),
    each('state_started', 'When a container started, in seconds since 1970.', ({ state }) =>
      seconds((state?.running ?? state?.terminated)?.startedAt),
    ),
    counter(`${prefix}_status_restarts_total`, 'How often a container was restarted.', (pod) =>
      statusSamples(pod, group, ({ restartCount }) => restartCount),
    ),
    gauge(`${prefix}_resource_requests`, 'What a container requests.', (pod) => resourcesOf(pod, group, 'requests')),
    gauge(`${prefix}_resource_limits`, 'What a container is limited to.', (pod) => resourcesOf(pod, group, 'limits')),
  ];
}

type LabelsOf = (status: ContainerStatus, container: Container | undefined) => Labels;

function* statusSamples(
  { spec, status }: Pod,
  group: Group,
  measure: (status: ContainerStatus) => number | boolean | undefined,
  labelsOf?: LabelsOf,
): Generator<Sample> {
  const isInit = group === 'init_container';
  const statuses = (isInit ? status?.initContainerStatuses : status?.containerStatuses) ?? [];
  for (const one of statuses) {
    const container = labelsOf && (isInit ? spec.initContainers : spec.containers)?.find(({ name }) => name === one.name);
    yield* samplesOf([[{ container: one.name, ...labelsOf?.(one, container) }, measure(one)]]);
  }
}

function imageLabels(status: ContainerStatus, container: Container | undefined): Labels {
  return {
    image: status.image,
    image_id: status.imageID,
    image_spec: container?.image,
    container_id: status.containerID,
    ...(container?.restartPolicy && { restart_policy: container.restartPolicy }),
  };
}

function* resourcesOf({ spec }: Pod, group: Group, which: 'limits' | 'requests'): Generator<Sample> {
  const containers = (group === 'init_container' ? spec.initContainers : spec.containers) ?? [];
  for (const { name, resources } of containers) yield* resourceSamples(resources?.[which], { container: name, node: spec.nodeName });
}
