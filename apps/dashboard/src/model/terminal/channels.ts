// The WebSocket protocol of exec and attach, as browsers speak it: a byte that names the channel before the data of each message.
// https://kubernetes.io/docs/reference/access-authn-authz/ and remotecommand's v5

export const channelProtocol = 'v5.channel.k8s.io';

export const channels = { stdin: 0, stdout: 1, stderr: 2, error: 3, resize: 4 } as const;

export interface ChannelMessage {
  channel: number;
  data: Uint8Array<ArrayBuffer>;
}

/** A paste is sent in pieces, so that none is longer than servers take. */
const pieceBytesMax = 32 * 1024;

export function framed(channel: number, data: Uint8Array): Uint8Array<ArrayBuffer> {
  const message = new Uint8Array(data.length + 1);
  message[0] = channel;
  message.set(data, 1);
  return message;
}

/** @returns undefined for what is none of this protocol's */
export function unframed(message: unknown): ChannelMessage | undefined {
  if (!(message instanceof ArrayBuffer) || message.byteLength === 0) return undefined;
  return { channel: new Uint8Array(message, 0, 1)[0] ?? 0, data: new Uint8Array(message, 1) };
}

/** What is typed or pasted, in messages. */
export function* inputMessages(bytes: Uint8Array): Generator<Uint8Array<ArrayBuffer>> {
  for (let from = 0; from < bytes.length; from += pieceBytesMax) yield framed(channels.stdin, bytes.subarray(from, from + pieceBytesMax));
}

export function resizeMessage(columns: number, rows: number): Uint8Array<ArrayBuffer> {
  return framed(channels.resize, new TextEncoder().encode(JSON.stringify({ Width: columns, Height: rows })));
}
