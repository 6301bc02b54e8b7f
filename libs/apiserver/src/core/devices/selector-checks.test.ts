// Which expressions over devices are taken, and what is said of the others.
import { sampleOf } from '@berth/api/testing';
import { expect, test } from 'vitest';
import { admin, startTestServer } from '../test-server.ts';
import { checkSelector } from './selector-checks.ts';

test.each([
  'false',
  'device.driver == "gpu.example.com"',
  'device.attributes["gpu.example.com"].model == "a100"',
  'device.attributes["gpu.example.com"].ready',
  '"gpu.example.com" in device.attributes && "model" in device.attributes["gpu.example.com"]',
  'device.capacity["gpu.example.com"].memory.compareTo(quantity("10Gi")) >= 0',
  'device.capacity["gpu.example.com"].memory.isGreaterThan(quantity("10Gi"))',
  'cel.bind(gpu, device.attributes["gpu.example.com"], gpu.index < 3 && gpu.version.isGreaterThan(semver("1.2.3")))',
  'device.attributes["gpu.example.com"].?model.orValue("") == "a100"',
])('%s', (expression) => {
  expect(checkSelector(expression)).toBeUndefined();
});

test.each([
  ['device.drivers == "a"', /^compilation failed: ERROR: <input>:1:\d+: undefined field 'drivers'\n \| device\.drivers == "a"\n \| \.+\^$/],
  ['gpu.driver == "a"', /^compilation failed: ERROR: <input>:1:1: undeclared reference to 'gpu' \(in container ''\)/],
  ['device.driver == ', /^compilation failed: ERROR: <input>:1:\d+: Syntax error: /],
  ['device.driver', /^must evaluate to bool or the unknown type, not string$/],
  ['device.driver == 1', /found no matching overload for '_==_' applied to '\(string, int\)'/],
])('%s is refused', (expression, words) => {
  expect(checkSelector(expression)).toEqual({ invalid: expect.stringMatching(words) });
});

test('every kind with expressions is refused for one, with its place', async () => {
  const { server } = await startTestServer();
  const selectors = [{ cel: { expression: 'device.driver' } }];
  const words = 'Invalid value: "device.driver": must evaluate to bool or the unknown type, not string';
  const create = (plural: string, spec: object) => {
    const kind = server.kinds.require('resource.k8s.io', 'v1', plural);
    const call = { user: admin, kind, ...(kind.namespaced && { namespace: 'default' }) };
    return server.create(call, { ...sampleOf(kind), spec });
  };
  await expect(create('deviceclasses', { selectors })).rejects.toThrow(`spec.selectors[0].cel.expression: ${words}`);
  const spec = { devices: { requests: [{ name: 'a', firstAvailable: [{ name: 'b', deviceClassName: 'gpu', selectors }] }] } };
  const at = 'devices.requests[0].firstAvailable[0].selectors[0].cel.expression';
  await expect(create('resourceclaims', spec)).rejects.toThrow(`spec.${at}: ${words}`);
  await expect(create('resourceclaimtemplates', { spec })).rejects.toThrow(`spec.spec.${at}: ${words}`);
  await server.stop();
});
