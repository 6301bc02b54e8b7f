export { resetCodes, SpdyClosedError, SpdyProtocolError, SpdyResetError } from './errors.ts';
export type { SpdyHeaders } from './header-codec.ts';
export { SpdySession, type SpdySessionOptions } from './spdy-session.ts';
export type { SpdyStream } from './spdy-stream.ts';
