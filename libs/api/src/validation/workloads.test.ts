import { fieldMessage } from '@berth/machinery';
import { expect, test } from 'vitest';
import { DaemonSet, StatefulSet } from '../index.ts';
import { workloadSamples } from '../samples/workloads.ts';

test('what a rolling update of a daemon set that is updated by deletion says is kept, as zeros where it says nothing', () => {
  const daemonSet = workloadSamples.DaemonSet();
  daemonSet.spec.updateStrategy = { type: 'OnDelete', rollingUpdate: {} };
  DaemonSet.defaults(daemonSet);
  expect(daemonSet.spec.updateStrategy).toEqual({ type: 'OnDelete', rollingUpdate: { maxUnavailable: 0, maxSurge: 0 } });
  expect(DaemonSet.validate(daemonSet)).toEqual([]);
});

test('how pods of a stateful set are managed is one of two ways', () => {
  const statefulSet = workloadSamples.StatefulSet();
  StatefulSet.defaults(statefulSet);
  statefulSet.spec.podManagementPolicy = 'Always';
  expect(StatefulSet.validate(statefulSet).map((error) => `${error.field}: ${fieldMessage(error)}`)).toEqual([
    `spec.podManagementPolicy: Invalid value: "Always": must be 'OrderedReady' or 'Parallel'`,
  ]);
});
