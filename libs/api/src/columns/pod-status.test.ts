import { expect, test } from 'vitest';
import { type ContainerStatus, Pod, type PodSpec, type PodStatus } from '../index.ts';
import { samplePod } from '../samples.ts';

const now = Date.parse('2026-01-01T00:01:00Z');
const running = { running: { startedAt: '2026-01-01T00:00:00Z' } };

function status(name: string, state: ContainerStatus['state'], more: Partial<ContainerStatus> = {}): ContainerStatus {
  return { name, state, ready: false, restartCount: 0, image: '', imageID: '', ...more };
}

/** Ready, Status and Restarts, as `kubectl get pods` prints them. */
function row(podStatus: PodStatus, spec: Partial<PodSpec> = {}, isDeleted = false): string {
  const pod: Pod = { ...samplePod(spec), status: podStatus };
  if (isDeleted) pod.metadata.deletionTimestamp = '2026-01-01T00:00:30Z';
  return Pod.columns
    .slice(1, 4)
    .map((column) => column.value(pod, now))
    .join(' ');
}

const init = { initContainers: [{ name: 'i1' }, { name: 'i2' }] };
const sidecar = { initContainers: [{ name: 'side', restartPolicy: 'Always' }] };
const ok = status('web', running, { ready: true });
const initialized = [{ type: 'Initialized' as const, status: 'True' as const }];

test.each<[string, string]>([
  ['0/1 Pending 0', row({ phase: 'Pending' })],
  ['0/1 ContainerCreating 0', row({ phase: 'Pending', containerStatuses: [status('web', { waiting: { reason: 'ContainerCreating' } })] })],
  ['1/1 Running 0', row({ phase: 'Running', containerStatuses: [ok] })],
  ['1/1 Terminating 0', row({ phase: 'Running', containerStatuses: [ok] }, {}, true)],
  [
    '0/1 Completed 0',
    row({ phase: 'Succeeded', containerStatuses: [status('web', { terminated: { exitCode: 0, reason: 'Completed' } })] }),
  ],
  ['0/1 OOMKilled 0', row({ phase: 'Failed', containerStatuses: [status('web', { terminated: { exitCode: 137, reason: 'OOMKilled' } })] })],
  ['0/1 ExitCode:3 0', row({ phase: 'Failed', containerStatuses: [status('web', { terminated: { exitCode: 3 } })] })],
  ['0/1 Signal:9 0', row({ phase: 'Failed', containerStatuses: [status('web', { terminated: { exitCode: 137, signal: 9 } })] })],
  ['0/1 Evicted 0', row({ phase: 'Failed', reason: 'Evicted' })],
  [
    '0/1 CrashLoopBackOff 3 (20s ago)',
    row({
      phase: 'Running',
      containerStatuses: [
        status(
          'web',
          { waiting: { reason: 'CrashLoopBackOff' } },
          { restartCount: 3, lastState: { terminated: { exitCode: 1, finishedAt: '2026-01-01T00:00:40Z' } } },
        ),
      ],
    }),
  ],
  [
    '0/1 Init:0/2 0',
    row(
      { phase: 'Pending', initContainerStatuses: [status('i1', running), status('i2', { waiting: { reason: 'PodInitializing' } })] },
      init,
    ),
  ],
  [
    '0/1 Init:1/2 0',
    row({ phase: 'Pending', initContainerStatuses: [status('i1', { terminated: { exitCode: 0 } }), status('i2', running)] }, init),
  ],
  [
    '0/1 Init:Error 0',
    row({ phase: 'Pending', initContainerStatuses: [status('i1', { terminated: { exitCode: 1, reason: 'Error' } })] }, init),
  ],
  [
    '0/1 Init:ErrImagePull 0',
    row({ phase: 'Pending', initContainerStatuses: [status('i1', { waiting: { reason: 'ErrImagePull' } })] }, init),
  ],
  [
    '2/2 Running 0',
    row(
      {
        phase: 'Running',
        conditions: initialized,
        initContainerStatuses: [status('side', running, { ready: true, started: true })],
        containerStatuses: [ok],
      },
      sidecar,
    ),
  ],
  ['0/1 SchedulingGated 0', row({ phase: 'Pending', conditions: [{ type: 'PodScheduled', status: 'False', reason: 'SchedulingGated' }] })],
])('%s', (expected, actual) => expect(actual).toBe(expected));
