// The options of a DELETE, from its body or its query, and what is said of those that mean nothing.
import { expect, test } from 'vitest';
import { deleteSettings } from './query-options.ts';
import { decodeDeleteOptions, type YamlReading } from './request-body.ts';

const reading = undefined as unknown as YamlReading;
const decode = (options: object) => decodeDeleteOptions('application/json', Buffer.from(JSON.stringify(options)), reading);

test('another kind than DeleteOptions is refused as one that is not there', async () => {
  await expect(decode({ apiVersion: 'v1', kind: 'Pod' })).rejects.toThrow(
    'no kind "Pod" is registered for version "v1" in scheme "pkg/runtime/scheme.go:111"',
  );
  expect(await decode({ apiVersion: 'v1', kind: 'DeleteOptions', gracePeriodSeconds: 3 })).toMatchObject({ gracePeriodSeconds: 3 });
});

test('a grace period in the query is a whole number, in the words of Go', () => {
  const settings = (gracePeriodSeconds: string) => deleteSettings(new URLSearchParams({ gracePeriodSeconds }));
  expect(settings('-1').gracePeriodSeconds).toBe(-1);
  expect(() => settings('x')).toThrow('strconv.ParseInt: parsing "x": invalid syntax');
});

test('what is no object, or does not say what it is in text, is told of as Go does', async () => {
  await expect(decode([])).rejects.toThrow(
    'json parse error: json: cannot unmarshal array into Go value of type struct { APIVersion string',
  );
  await expect(decode({ apiVersion: 7 })).rejects.toThrow('cannot unmarshal number into Go struct field .apiVersion of type string');
  await expect(decode({ Kind: 'x' })).rejects.toThrow('no kind "x" is registered for version "meta.k8s.io/v1"');
  expect(await decode(null as never)).toMatchObject({ dryRun: false });
});
