// What the head of a DNS message says (RFC 1035, 4.1.1), read from the bytes before anything is decoded: whether it is a question to look
// at, and whether an answer belongs to a question. Pure.

export const rcodes = { formerr: 1, servfail: 2, nxdomain: 3, notimp: 4, refused: 5 } as const;

const headBytes = 12;
const responseBit = 0x80_00;
const opcodeBits = 0x78_00;
const recursionDesiredBit = 0x01_00;
export const rcodeBits = 15;
const labelBytesMax = 63;
/** Besides the question: an EDNS record, a signature, and some room. Each costs time to read, and names in it may be long. */
const recordsMax = 4;
const [flagsAt, questionsAt, answersAt, authoritiesAt, additionalsAt] = [2, 4, 6, 8, 10];

/** The code to refuse a query with unread, 0 for one to look at. Undefined for what is no query and deserves no answer. */
export function refusal(query: Buffer): number | undefined {
  if (query.length < headBytes) return undefined;
  const flags = query.readUInt16BE(flagsAt);
  if (flags & responseBit) return undefined;
  if (flags & opcodeBits) return rcodes.notimp;
  const records = [answersAt, authoritiesAt, additionalsAt].reduce((sum, at) => sum + query.readUInt16BE(at), 0);
  // More than one question was never defined (RFC 9619).
  return query.readUInt16BE(questionsAt) === 1 && records <= recordsMax ? 0 : rcodes.formerr;
}

/** A reply of a head alone. */
export function refused(query: Buffer, rcode: number): Buffer {
  const reply = Buffer.alloc(headBytes);
  query.copy(reply, 0, 0, flagsAt);
  reply.writeUInt16BE(responseBit | (query.readUInt16BE(flagsAt) & (opcodeBits | recursionDesiredBit)) | rcode, flagsAt);
  return reply;
}

/** @param reply as long as a head at least */
export function rcodeOf(reply: Buffer): number {
  return reply.readUInt16BE(flagsAt) & rcodeBits;
}

/** Whether this is the reply to that query: a response, of its number, to its question, which a server that understands nothing leaves out. */
export function isReplyTo(reply: Buffer, query: Buffer): boolean {
  if (reply.length < headBytes || query.length < headBytes) return false;
  if (reply.readUInt16BE(0) !== query.readUInt16BE(0) || !(reply.readUInt16BE(flagsAt) & responseBit)) return false;
  if (reply.readUInt16BE(questionsAt) === 0) return rcodeOf(reply) !== 0;
  const end = questionEnd(query);
  // Names may come back in other letters.
  return end !== undefined && text(reply, end) === text(query, end);
}

/** The name that is asked for, in lower case and without the final dot. */
export function questionName(query: Buffer): string | undefined {
  const end = questionEnd(query);
  if (end === undefined) return undefined;
  const labels: string[] = [];
  for (let at = headBytes, length = query[at] ?? 0; length > 0; at += 1 + length, length = query[at] ?? 0) {
    labels.push(query.toString('latin1', at + 1, at + 1 + length).toLowerCase());
  }
  return labels.join('.');
}

function text(message: Buffer, end: number): string {
  return message.toString('latin1', headBytes, end).toLowerCase();
}

/** Behind the first question's name, type and class. */
function questionEnd(message: Buffer): number | undefined {
  let at = headBytes;
  for (;;) {
    const length = message[at];
    if (length === undefined || length > labelBytesMax) return undefined;
    at += 1 + length;
    if (length === 0) return at + 4 <= message.length ? at + 4 : undefined;
  }
}
