import { expect, test } from 'vitest';
import { samplePod } from '../samples.ts';
import { preparePodForCreate } from './pod.ts';

const now = '2020-01-02T03:04:05Z';

test('of the status that a creator sends, its class of service alone is kept', () => {
  const given = { ...samplePod(), status: { phase: 'Running', qosClass: 'Guaranteed' } };
  preparePodForCreate(given, now);
  expect(given.status).toEqual({ phase: 'Pending', qosClass: 'Guaranteed' });
  const plain = samplePod();
  preparePodForCreate(plain, now);
  expect(plain.status).toEqual({ phase: 'Pending', qosClass: 'BestEffort' });
});

test('a pod with gates says since when it waits', () => {
  const gated = samplePod({ schedulingGates: [{ name: 'a' }] });
  preparePodForCreate(gated, now);
  expect(gated.status?.conditions).toMatchObject([{ type: 'PodScheduled', status: 'False', lastTransitionTime: now }]);
});
