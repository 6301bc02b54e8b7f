import { expect, test } from 'vitest';
import { lineOf, locate, parseYaml, yamlOf } from './yaml-text.ts';

const text = `apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  labels:
    example.com/team: a
spec:
  replicas: x
  template:
    spec:
      containers:
        - name: main
          image: web:1
        - name: side
          imagePullPolicy: Never
`;

test.each([
  ['spec.replicas', 8],
  ['spec.template.spec.containers[1].imagePullPolicy', 15],
  ['spec.template.spec.containers[side].imagePullPolicy', 15],
  ['metadata.labels[example.com/team]', 6],
  // Of what is missing, the innermost that is there.
  ['spec.template.spec.containers[0].resources.limits', 12],
  ['nothing.of.it', undefined],
])('%s stands in line %s', (path, line) => {
  expect(lineOf(text, path)).toBe(line);
});

test('what the API says of a field is told with its line', () => {
  const strict =
    'Deployment in version "v1" cannot be handled: strict decoding error: unknown field "spec.replicas", unknown field "spec.foo"';
  expect(locate(text, strict, [])).toEqual([
    { line: 8, message: 'unknown field "spec.replicas"' },
    { line: 7, message: 'unknown field "spec.foo"' },
  ]);
  const wrongType = 'json: cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type int32';
  expect(locate(text, wrongType, [])).toEqual([{ line: 8, message: wrongType }]);
  const causes = [{ field: 'spec.template.spec.containers[0].image', message: 'Required value' }];
  expect(locate(text, 'whole', causes)).toEqual([{ line: 13, message: 'spec.template.spec.containers[0].image: Required value' }]);
  expect(locate(text, 'the object has been modified', [])).toEqual([{ line: undefined, message: 'the object has been modified' }]);
});

test('YAML that cannot be read says in which line', () => {
  expect(parseYaml('metadata:\n  name: a\n  name: b\n')).toMatchObject({ mistakes: [{ line: 3 }] });
  expect(parseYaml('metadata:\n  name: "a\n')).toMatchObject({ mistakes: [{ line: expect.any(Number) }] });
  expect(parseYaml('hello')).toMatchObject({ mistakes: [{ line: 1 }] });
  expect(parseYaml('metadata: {name: a}\ndata: {x: "1"}\n')).toEqual({ object: { metadata: { name: 'a' }, data: { x: '1' } } });
});

test('an object is written as kubectl would, without managed fields, and read back the same', () => {
  const object = { metadata: { name: 'a', managedFields: [] }, data: { text: 'two\nlines', number: '1' } };
  const written = yamlOf(object as never, 'v1', 'ConfigMap');
  expect(written.split('\n').slice(0, 4)).toEqual(['apiVersion: v1', 'kind: ConfigMap', 'metadata:', '  name: a']);
  expect(parseYaml(written)).toEqual({ object: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' }, data: object.data } });
});
