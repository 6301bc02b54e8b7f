// What can go wrong in a SPDY session, in classes that a caller can tell apart.

/** RST_STREAM's status codes that this side sends or explains. */
export const resetCodes = {
  protocolError: 1,
  invalidStream: 2,
  refusedStream: 3,
  cancel: 5,
  internalError: 6,
  flowControlError: 7,
  streamInUse: 8,
  streamAlreadyClosed: 9,
} as const;

/** The peer broke the protocol; the session has ended. Nothing but a new connection helps. */
export class SpdyProtocolError extends Error {
  constructor(detail: string, options?: ErrorOptions) {
    super(`the SPDY session was ended: ${detail}; open a new connection`, options);
    this.name = 'SpdyProtocolError';
  }
}

/** The peer reset this stream; others of the session go on. */
export class SpdyResetError extends Error {
  readonly streamId: number;
  readonly code: number;

  constructor(streamId: number, code: number) {
    const name = Object.entries(resetCodes).find(([, value]) => value === code)?.[0] ?? String(code);
    super(`the peer reset stream ${streamId} (${name})`);
    this.name = 'SpdyResetError';
    this.streamId = streamId;
    this.code = code;
  }
}

/** The connection is gone, or this side has closed the session. */
export class SpdyClosedError extends Error {
  constructor(detail = 'the connection was closed', options?: ErrorOptions) {
    super(`the SPDY session is over: ${detail}`, options);
    this.name = 'SpdyClosedError';
  }
}
