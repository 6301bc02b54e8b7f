export { type ControllersConfig, ControllersRole } from './controllers-role.ts';
export type { FurtherOf } from './namespace.ts';
