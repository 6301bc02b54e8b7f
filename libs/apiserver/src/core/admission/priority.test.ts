// Which priority a pod without a class gets.
import { Pod, type PriorityClass } from '@berth/api';
import { expect, test } from 'vitest';
import type { AdmissionRequest } from './admission.ts';
import { Priority } from './priority.ts';

function priorityClass(name: string, value: number, globalDefault: boolean): PriorityClass {
  return { apiVersion: 'scheduling.k8s.io/v1', kind: 'PriorityClass', metadata: { name }, value, globalDefault };
}

test('of several classes that claim to be the default, the least counts, whichever comes first', async () => {
  const classes = [priorityClass('high', 900, true), priorityClass('low', 10, true), priorityClass('lowest', 1, false)];
  for (const all of [classes, [...classes].reverse()]) {
    const plugin = new Priority({ all: () => all, byName: async (name) => all.find(({ metadata }) => metadata.name === name) });
    const object: Pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'web' }, spec: { containers: [] } };
    await plugin.mutate({ kind: Pod, operation: 'CREATE', object } as unknown as AdmissionRequest);
    expect(object.spec).toMatchObject({ priority: 10, priorityClassName: 'low' });
  }
});
