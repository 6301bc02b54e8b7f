// How the WebSocket protocols of Kubernetes put channels into messages: as a byte before the data, or, for clients that can only send text,
// as a digit before its Base64. Which of them also says how a command's end is told.
import type { RawData } from 'ws';

export interface ChannelFraming {
  encode(channel: number, data: Uint8Array): Uint8Array | string;
  /** @returns undefined for a message that is none of this protocol's */
  decode(message: RawData, isBinary: boolean): { channel: number; data: Uint8Array } | undefined;
  /** Whether the error channel carries a Status at the end; before version 4, a failure's message and nothing else. */
  endsWithStatus: boolean;
}

/** Newest first; the empty name is that of a client which asks for none. */
export const commandSocketProtocols = [
  'v5.channel.k8s.io',
  'v4.channel.k8s.io',
  'v4.base64.channel.k8s.io',
  'channel.k8s.io',
  'base64.channel.k8s.io',
] as const;

export const portSocketProtocols = ['v4.channel.k8s.io', 'v4.base64.channel.k8s.io'] as const;

export function channelFraming(protocol: string): ChannelFraming {
  const endsWithStatus = /^v[45]\./.test(protocol);
  return protocol.includes('base64.') ? { ...textFraming, endsWithStatus } : { ...binaryFraming, endsWithStatus };
}

const digitZero = 48;

const textFraming = {
  encode: (channel: number, data: Uint8Array) => String.fromCharCode(digitZero + channel) + Buffer.from(data).toString('base64'),
  decode(message: RawData) {
    const text = bytesOf(message).toString('latin1');
    const channel = text.charCodeAt(0) - digitZero;
    return channel >= 0 ? { channel, data: Buffer.from(text.slice(1), 'base64') } : undefined;
  },
};

const binaryFraming = {
  encode(channel: number, data: Uint8Array) {
    const message = Buffer.allocUnsafe(data.length + 1);
    message[0] = channel;
    message.set(data, 1);
    return message;
  },
  decode(message: RawData) {
    const bytes = bytesOf(message);
    const [channel] = bytes;
    return channel === undefined ? undefined : { channel, data: bytes.subarray(1) };
  },
};

export function bytesOf(data: RawData): Buffer {
  if (Array.isArray(data)) return Buffer.concat(data);
  return data instanceof ArrayBuffer ? Buffer.from(data) : data;
}
