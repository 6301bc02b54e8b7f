// What of a status is the agent's to say.
import type { PodCondition } from '@berth/api';
import { expect, test } from 'vitest';
import { mergePodStatus } from './pod-status-writer.ts';

const condition = (type: string, status: string, more: Partial<PodCondition> = {}): PodCondition => ({ type, status, ...more });

test('conditions of others are what the API has, whatever the agent knew of them, and stay in their place', () => {
  const current = { conditions: [condition('Ready', 'False'), condition('PodScheduled', 'True'), condition('example.com/gate', 'True')] };
  const reported = { conditions: [condition('Ready', 'True'), condition('PodScheduled', 'False'), condition('example.com/gate', 'False')] };
  expect(mergePodStatus(current, reported)?.conditions).toEqual([
    condition('Ready', 'True'),
    condition('PodScheduled', 'True'),
    condition('example.com/gate', 'True'),
  ]);
});

test('why a pod is disrupted is said by whoever disrupts it, the agent among them', () => {
  const byScheduler = condition('DisruptionTarget', 'True', { reason: 'PreemptionByScheduler' });
  const byAgent = condition('DisruptionTarget', 'True', { reason: 'TerminationByKubelet' });
  expect(mergePodStatus({ conditions: [byScheduler] }, { conditions: [] })?.conditions).toEqual([byScheduler]);
  expect(mergePodStatus({ conditions: [byScheduler] }, { conditions: [byAgent] })?.conditions).toEqual([byAgent]);
});
