export type { Landing } from './landing.ts';
export type { Action, ObjectChange } from './object-change.ts';
export { type Plan, type PlanPorts, planFor } from './plan.ts';
