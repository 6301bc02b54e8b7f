import type { Container, PodSpec } from '@berth/api';
import { expect, test } from 'vitest';
import { initRestartsOf, restartsOf } from './restart-policy.ts';

const spec = (restartPolicy?: string): PodSpec => ({ containers: [], ...(restartPolicy && { restartPolicy }) });
const restartOn = (operator: string, ...values: number[]) => [{ action: 'Restart', exitCodes: { operator, values } }];

test('an init container that ended well has done its work, whatever the policies; a sidecar never has', () => {
  const init: Container = { name: 'c' };
  const after = (container: Container, policy: string | undefined, exitCode: number) =>
    initRestartsOf(container, spec(policy)).after(exitCode);
  expect(after(init, undefined, 0)).toBe(false);
  expect(after(init, 'Always', 1)).toBe(true);
  expect(after(init, 'Never', 1)).toBe(false);
  expect(after({ ...init, restartPolicy: 'OnFailure' }, 'Never', 1)).toBe(true);
  const onSeven = { ...init, restartPolicy: 'Never', restartPolicyRules: restartOn('In', 0, 7) };
  expect([0, 6, 7].map((exitCode) => after(onSeven, undefined, exitCode))).toEqual([false, false, true]);
  expect(after({ ...init, restartPolicy: 'Always' }, 'Never', 0)).toBe(true);
});

test('what the agent stops follows policies, the own one first, and no rules', () => {
  const whenStopped = (container: Partial<Container>, policy?: string) => restartsOf({ name: 'c', ...container }, spec(policy)).whenStopped;
  expect(whenStopped({})).toBe(true);
  expect(whenStopped({}, 'Never')).toBe(false);
  expect(whenStopped({ restartPolicy: 'OnFailure' }, 'Never')).toBe(true);
  expect(whenStopped({ restartPolicy: 'Never', restartPolicyRules: restartOn('NotIn', 0) })).toBe(false);
});
