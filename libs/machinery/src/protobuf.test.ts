// The bytes themselves, written out by hand as Go's generated code writes them, and what a hostile writer may send.
import { describe, expect, it, test } from 'vitest';
import { decodeProtobuf } from './protobuf-decode.ts';
import { encodeProtobuf } from './protobuf-encode.ts';
import { decodeUnknownEnvelope, encodeUnknownEnvelope } from './protobuf-envelope.ts';
import { SchemaRegistry } from './schema.ts';
import { StatusError } from './status.ts';

const registry = new SchemaRegistry();
registry.add('test.v1', {
  Thing: {
    fields: [
      { name: 'text', type: 'string', number: 1, omitempty: true },
      { name: 'optional', type: 'int32', number: 2, pointer: true, omitempty: true },
      { name: 'count', type: 'int64', number: 3, omitempty: true },
      { name: 'port', type: 'IntOrString', number: 4, pointer: true },
      { name: 'limit', type: 'Quantity', number: 5, pointer: true },
      { name: 'at', type: 'Time', number: 6, omitempty: true },
      { name: 'exactly', type: 'MicroTime', number: 7, pointer: true },
      { name: 'anything', type: 'RawExtension', number: 8, pointer: true },
      { name: 'labels', type: 'map:string', number: 9, omitempty: true },
      { name: 'data', type: 'bytes', number: 10, omitempty: true },
      { name: 'numbers', type: '[]int32', number: 11, omitempty: true },
      { name: 'ratio', type: 'double', number: 12, pointer: true },
      { name: 'extra', type: 'map:[]string', number: 13, omitempty: true },
      { name: 'empty', type: 'test.v1.Empty', number: 14, pointer: true },
      { name: '', type: 'test.v1.Source', number: 15, inline: true },
      { name: 'amounts', type: 'map:Quantity', number: 16, omitempty: true },
      { name: 'verbs', type: '[]string', goType: 'v1.Verbs', number: 17, omitempty: true },
    ],
  },
  Empty: { fields: [] },
  Source: { fields: [{ name: 'path', type: 'string', number: 1, omitempty: true }] },
});
const thing = registry.message('test.v1.Thing');
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
const decode = (text: string) => decodeProtobuf(thing, Buffer.from(text.replaceAll(' ', ''), 'hex'));

// The last field of each is the inlined struct, which Go always writes.
test.each([
  ['a string', { text: 'hi' }, '0a 02 6869', '7a00'],
  ['a zero that was asked for', { optional: 0 }, '10 00', '7a00'],
  ['a negative number, in ten bytes', { optional: -1 }, '10 ffffffffffffffffff01', '7a00'],
  ['a port by number', { port: 80 }, '22 06 0800 1050 1a00', '7a00'],
  ['a port by name', { port: 'web' }, '22 09 0801 1000 1a03776562', '7a00'],
  ['a quantity', { limit: '1Gi' }, '2a 05 0a03 314769', '7a00'],
  ['a time', { at: '1970-01-01T00:00:01Z' }, '32 04 0801 1000', '7a00'],
  ['microseconds', { exactly: '1970-01-01T00:00:01.000002Z' }, '3a 05 0801 10d00f', '7a00'],
  ['the epoch', { at: '1970-01-01T00:00:00Z' }, '32 04 0800 1000', '7a00'],
  ['an object of any kind, as JSON', { anything: { a: [1] } }, `42 0b 0a09 ${hex(Buffer.from('{"a":[1]}'))}`, '7a00'],
  ['a map', { labels: { a: 'b' } }, '4a 06 0a0161 120162', '7a00'],
  ['bytes, in base64', { data: '/w==' }, '52 01 ff', '7a00'],
  ['a list of numbers', { numbers: [1, 300] }, '58 01 58 ac02', '7a00'],
  ['a fraction', { ratio: 1.5 }, '61 000000000000f83f', '7a00'],
  ['a map of lists', { extra: { k: ['x', ''] } }, '6a 0a 0a016b 1205 0a0178 0a00', '7a00'],
  ['a list whose type has a name', { verbs: ['get', 'list'] }, '', '7a00 8a01 0b 0a03676574 0a046c697374'],
  ['an object that is there and empty', { empty: {} }, '72 00', '7a00'],
  ['a field of an inlined struct', { path: 'p' }, '', '7a 03 0a0170'],
])('%s', (_, object, bytes, inlined) => {
  const expected = `${bytes}${inlined}`.replaceAll(' ', '');
  expect(hex(encodeProtobuf(thing, object))).toBe(expected);
  expect(decode(expected)).toEqual(object);
});

describe('decoding', () => {
  it('drops the zeros that Go always writes, and keeps the last of several values', () => {
    expect(decode('0a00 1800 3200')).toEqual({});
    expect(decode('0a0161 0a0162')).toEqual({ text: 'b' });
    // Year 1, Go's zero time.
    expect(decode('32 0b 0880 92b8 c398 feff ffff 01')).toEqual({});
  });

  it('takes packed lists, and map entries without a key or a value', () => {
    expect(decode('5a03 01ac02')).toEqual({ numbers: [1, 300] });
    expect(decode('4a00 4a03 0a0161')).toEqual({ labels: { '': '', a: '' } });
    expect(decode('820103 0a0161')).toEqual({ amounts: { a: '0' } });
  });

  it.each([
    ['a text that is cut short', '0a05 61', 'unexpected end of data'],
    ['a length beyond all memory', '0a ffffffffffffffffff01', 'unexpected end of data'],
    ['a varint without an end', '18 ffffffffffffffffffffff', 'longer than 64 bits'],
    ['field 0', '00', 'illegal field number 0'],
    ['a text as a number', '0801', 'wrong wire type for field text'],
    ['a number as a text', '1a0161', 'wrong wire type for field count'],
    ['a list in a map as a number', '6a02 1001', 'wrong wire type for field extra'],
    ['an unknown wire type', '0f', 'wrong wire type for field text'],
    ['a group', 'a306', 'unknown wire type 3'],
    ['a time after year 9999', '32 08 08ffffffffffff7f', 'are no time'],
    ['negative nanoseconds', '3a 0d 0801 10ffffffffffffffffff01', 'are no time'],
    ['NaN', '61 000000000000f87f', 'is no number'],
    ['broken JSON', '42 03 0a01 7b', 'json parse error'],
    ['a prototype in JSON', `42 13 0a11 ${hex(Buffer.from('{"__proto__": {}}'))}`, '"__proto__" is not allowed'],
    ['a prototype as a key', '4a 0b 0a09 5f5f70726f746f5f5f', '"__proto__" is not allowed'],
  ])('refuses %s', (_, bytes, message) => {
    expect(() => decode(bytes)).toThrow(StatusError);
    expect(() => decode(bytes)).toThrow(message);
  });
});

test('the envelope names the kind and holds the bytes', () => {
  const bytes = encodeUnknownEnvelope('v1', 'Pod', new Uint8Array([1, 2]));
  expect(hex(bytes)).toBe('6b387300 0a09 0a027631 1203506f64 1202 0102 1a00 2200'.replaceAll(' ', ''));
  expect(decodeUnknownEnvelope(bytes)).toMatchObject({ apiVersion: 'v1', kind: 'Pod', raw: new Uint8Array([1, 2]) });
  expect(() => decodeUnknownEnvelope(new Uint8Array([0x6b, 0x38]))).toThrow('expected prefix [107 56 115 0]');
  expect(() => decodeUnknownEnvelope(bytes.subarray(0, 8))).toThrow('unexpected end of data');
});
