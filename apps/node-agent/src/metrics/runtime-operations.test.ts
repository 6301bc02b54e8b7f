import { HollowRuntime } from '@berth/runtime';
import { seededRandom } from '@berth/telemetry';
import { SimulatedClock } from '@berth/telemetry/testing';
import { Registry } from 'prom-client';
import { expect, it } from 'vitest';
import { RuntimeOperations } from './runtime-operations.ts';

it('counts and times what is asked of the runtime, failures too, and changes no answer', async () => {
  const clock = new SimulatedClock();
  const registry = new Registry();
  const hollow = new HollowRuntime({ clock, random: seededRandom(1) });
  const runtime = new RuntimeOperations(registry).counted(hollow, clock);
  expect(await runtime.listContainers()).toEqual([]);
  expect(await runtime.version()).toEqual(await hollow.version());
  await expect(runtime.startContainer('nosuch')).rejects.toThrow();
  const text = await registry.metrics();
  expect(text).toContain('kubelet_runtime_operations_total{operation_type="list_containers"} 1');
  expect(text).toContain('kubelet_runtime_operations_errors_total{operation_type="start_container"} 1');
  expect(text).not.toContain('kubelet_runtime_operations_errors_total{operation_type="version"}');
  expect(text).toContain('kubelet_runtime_operations_duration_seconds_count{operation_type="version"} 1');
});
