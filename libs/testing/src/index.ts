export { Life } from './mortal.ts';
export { selfSigned } from './self-signed.ts';
export { Trace } from './trace.ts';
