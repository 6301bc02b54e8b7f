export { Life } from './mortal.ts';
export { selfSigned } from './self-signed.ts';
export { socketClosed } from './socket-closed.ts';
export { Trace } from './trace.ts';
