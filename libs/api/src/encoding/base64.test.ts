import fc from 'fast-check';
import { expect, test } from 'vitest';
import { utf8Length } from '../validation/metadata.ts';
import { base64Bytes, decodeBase64, encodeBase64 } from './base64.ts';

test('encodes as every other implementation does', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (text) => {
      const encoded = Buffer.from(text).toString('base64');
      expect(encodeBase64(text)).toBe(encoded);
      expect(base64Bytes(encoded)).toBe(Buffer.byteLength(text));
      expect(utf8Length(text)).toBe(Buffer.byteLength(text));
      expect(decodeBase64(encoded)).toBe(Buffer.from(text).toString('latin1'));
    }),
  );
  expect(decodeBase64('not base64!')).toBeUndefined();
});
