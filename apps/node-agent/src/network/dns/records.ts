// The records of a DNS message (RFC 1035, 4.1.3), found by their bytes: a cache passes them on as they came, those of types that nobody
// here knows included. Pure.

export const recordTypes = { soa: 6, opt: 41 } as const;

export interface RecordPlace {
  section: 'answer' | 'authority' | 'additional';
  type: number;
  /** Offsets into the message. */
  ttlAt: number;
  dataAt: number;
  dataEnd: number;
}

export interface MessageParts {
  /** Behind the question's name, type and class. */
  questionEnd: number;
  records: RecordPlace[];
}

const headBytes = 12;
const labelBytesMax = 63;
const pointerBits = 0xc0;
const [questionsAt, answersAt, authoritiesAt, additionalsAt] = [4, 6, 8, 10];
const sections = [
  ['answer', answersAt],
  ['authority', authoritiesAt],
  ['additional', additionalsAt],
] as const;

/** Undefined for what is cut short, or has not one question. */
export function partsOf(message: Buffer): MessageParts | undefined {
  if (message.length < headBytes || message.readUInt16BE(questionsAt) !== 1) return undefined;
  const nameEnd = nameEndAt(message, headBytes);
  if (nameEnd === undefined || nameEnd + 4 > message.length) return undefined;
  const records: RecordPlace[] = [];
  let at = nameEnd + 4;
  for (const [section, countAt] of sections) {
    for (let left = message.readUInt16BE(countAt); left > 0; left--) {
      const record = recordAt(message, at, section);
      if (!record) return undefined;
      records.push(record);
      at = record.dataEnd;
    }
  }
  return { questionEnd: nameEnd + 4, records };
}

function recordAt(message: Buffer, at: number, section: RecordPlace['section']): RecordPlace | undefined {
  const typeAt = nameEndAt(message, at);
  if (typeAt === undefined || typeAt + 10 > message.length) return undefined;
  const dataAt = typeAt + 10;
  const dataEnd = dataAt + message.readUInt16BE(typeAt + 8);
  if (dataEnd > message.length) return undefined;
  return { section, type: message.readUInt16BE(typeAt), ttlAt: typeAt + 4, dataAt, dataEnd };
}

/** Names end with an empty label, or with a pointer to the rest. */
function nameEndAt(message: Buffer, start: number): number | undefined {
  let at = start;
  for (;;) {
    const length = message[at];
    if (length === undefined) return undefined;
    if (length === 0) return at + 1;
    if ((length & pointerBits) === pointerBits) return at + 2;
    if (length > labelBytesMax) return undefined;
    at += 1 + length;
  }
}
