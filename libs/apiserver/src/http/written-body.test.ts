// What is said of a body that is no object, in the words of kube-apiserver.
import { expect, test } from 'vitest';
import { decodeWritten, type YamlReading } from './request-body.ts';

const reading = undefined as unknown as YamlReading;
const read = (text: string, type = 'application/json') => decodeWritten('ConfigMap', type, Buffer.from(text), reading);
const unrecognized = 'the object provided is unrecognized (must be of type ConfigMap): ';
const json = "couldn't get version/kind; json parse error: ";

test.each([
  ['', `${json}unexpected end of JSON input (<empty>)`],
  ['{', `${json}unexpected end of JSON input ({)`],
  ['[]', `${json}json: cannot unmarshal array into Go value of type struct { APIVersion string "json:\\"apiVersion,omitempty\\"";`],
  ['x', `${json}invalid character 'x' looking for beginning of value (78)`],
  [`{"a":${'1'.repeat(40)}x}`, `(${`{"a":${'1'.repeat(40)}`.slice(0, 30)} ...)`],
])('%s is refused', async (text, detail) => {
  const refused = await read(text).catch((error: Error) => error.message);
  expect(refused).toContain(unrecognized);
  expect(refused).toContain(detail);
});

test('null is an object in which there is nothing', async () => {
  expect(await read('null')).toEqual({ value: {}, duplicates: [] });
});

test('what is no protobuf is shown in part', async () => {
  await expect(read('{"apiVersion":"v1"}', 'application/vnd.kubernetes.protobuf')).rejects.toThrow(
    `${unrecognized}provided data does not appear to be a protobuf message, expected prefix [107 56 115 0] ({"apiVersion":"v1"})`,
  );
});
