export { type ControllersConfig, ControllersRole } from './controllers-role.ts';
export { AddressPool } from './load-balancer/address-pool.ts';
export type { FurtherOf } from './namespace.ts';
