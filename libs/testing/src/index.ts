export { Life } from './mortal.ts';
export { SimulatedClock } from './simulated-clock.ts';
export { Trace } from './trace.ts';
