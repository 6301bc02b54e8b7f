export { Life } from './mortal.ts';
export { Trace } from './trace.ts';
