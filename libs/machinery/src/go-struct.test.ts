import { expect, test } from 'vitest';
import { asGoStruct, goLines } from './go-struct.ts';
import { SchemaRegistry } from './schema.ts';

const registry = new SchemaRegistry();
registry.add('meta.v1', {
  TypeMeta: { fields: [{ name: 'kind', type: 'string', omitempty: true }] },
  ObjectMeta: {
    fields: [
      { name: 'name', type: 'string', omitempty: true },
      { name: 'labels', type: 'map:string', omitempty: true },
    ],
  },
  Requirement: {
    fields: [
      { name: 'key', type: 'string', required: true },
      { name: 'values', type: '[]string', omitempty: true },
    ],
  },
});
registry.add('core.v1', {
  Template: {
    fields: [
      { name: '', type: 'meta.v1.TypeMeta', inline: true },
      { name: 'metadata', type: 'meta.v1.ObjectMeta', omitempty: true },
      { name: 'spec', type: 'core.v1.PodSpec', omitempty: true },
    ],
  },
  PodSpec: {
    fields: [
      { name: 'containers', type: '[]core.v1.Container' },
      { name: 'volumes', type: '[]core.v1.Volume', omitempty: true },
      { name: 'hostNetwork', type: 'bool', omitempty: true },
      { name: 'hostUsers', type: 'bool', omitempty: true, pointer: true },
      { name: 'securityContext', type: 'core.v1.PodSecurityContext', omitempty: true, pointer: true },
      { name: 'requirement', type: 'meta.v1.Requirement', omitempty: true, pointer: true },
    ],
  },
  PodSecurityContext: { fields: [{ name: 'seLinuxOptions', type: 'map:string', omitempty: true }] },
  Container: {
    fields: [
      { name: 'tty', type: 'bool', omitempty: true },
      { name: 'limits', type: 'map:Quantity', omitempty: true },
    ],
  },
  Volume: {
    fields: [
      { name: 'name', type: 'string' },
      { name: '', type: 'core.v1.VolumeSource', inline: true },
    ],
  },
  VolumeSource: {
    fields: [
      { name: 'gcePersistentDisk', type: 'map:string', omitempty: true },
      { name: 'hostPath', type: 'map:string', omitempty: true },
    ],
  },
});

test('an internal struct shows all its fields, as Go calls and orders them', () => {
  const spec = {
    containers: [{ tty: true, limits: { memory: '1', cpu: '2' } }],
    hostNetwork: true,
    volumes: [{ name: 'v', hostPath: {} }],
  };
  expect(JSON.stringify(asGoStruct(registry.message('core.v1.PodSpec'), spec))).toBe(
    '{"Volumes":[{"Name":"v","HostPath":{},"GCEPersistentDisk":null}],' +
      '"Containers":[{"TTY":true,"Limits":{"cpu":"2","memory":"1"}}],' +
      '"SecurityContext":{"HostNetwork":true,"HostPID":false,"HostIPC":false,"ShareProcessNamespace":null,"HostUsers":null,"SELinuxOptions":null}}',
  );
});

test('metadata stands among the other fields, and types with names for JSON have those', () => {
  const shown = (name: string, value: object) => JSON.stringify(asGoStruct(registry.message(name), value));
  expect(shown('core.v1.Template', { metadata: { labels: { b: 'c', a: 'b' } } })).toBe(
    '{"labels":{"a":"b","b":"c"},"Spec":{"Volumes":null,"Containers":null,"SecurityContext":null}}',
  );
  expect(shown('meta.v1.Requirement', { values: ['a'] })).toBe('{"key":"","values":["a"]}');
  expect(shown('meta.v1.Requirement', { key: 'a', values: [] })).toBe('{"key":"a"}');
});

test('lines are indented by one, without what could be markup', () => {
  expect(goLines(registry.message('meta.v1.Requirement'), { key: '<a>' })).toEqual(['{', ' "key": "\\u003ca\\u003e"', '}']);
});
