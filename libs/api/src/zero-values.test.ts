import { fillZeroValues } from '@berth/machinery';
import { describe, expect, test } from 'vitest';
import { schemas } from './schemas.ts';

describe('what Go shows of a struct that nobody filled', () => {
  test.each([
    ['an empty status', 'networking.v1.Ingress', { spec: {} }, { spec: {}, status: { loadBalancer: {} }, metadata: {} }],
    ['zeros that are never left out', 'apps.v1.StatefulSetStatus', {}, { replicas: 0, availableReplicas: 0 }],
    ['structs within lists', 'core.v1.PodSpec', { containers: [{ name: 'a' }] }, { containers: [{ name: 'a', resources: {} }] }],
    ['empty texts', 'core.v1.Event', { involvedObject: {} }, expect.objectContaining({ reportingInstance: '', reportingComponent: '' })],
  ])('%s', (_name, schema, given, expected) => {
    const object: Record<string, unknown> = structuredClone(given);
    expect(fillZeroValues(schemas.message(schema), object)).toBe(true);
    expect(object).toEqual(expected);
    expect(fillZeroValues(schemas.message(schema), object)).toBe(false);
  });

  test('what is there stays, and lists stay absent', () => {
    const object = { replicas: 3, availableReplicas: 2, conditions: undefined };
    expect(fillZeroValues(schemas.message('apps.v1.StatefulSetStatus'), object)).toBe(false);
    expect(object).toEqual({ replicas: 3, availableReplicas: 2 });
  });
});
