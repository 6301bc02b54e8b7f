// Versions of the API that other servers answer for.
export { Aggregation } from './aggregation.ts';
