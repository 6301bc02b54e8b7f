// The one piece of protobuf's wire format that is written by hand, for messages that no schema describes.

/** A string, bytes, or message as field `number`, which is at most 15. */
export function lengthDelimited(number: number, value: string | Uint8Array): Buffer {
  const bytes = Buffer.from(value);
  const head = [(number << 3) | 2];
  let rest = bytes.length;
  for (; rest > 127; rest >>>= 7) head.push((rest & 127) | 128);
  return Buffer.concat([Buffer.from([...head, rest]), bytes]);
}
