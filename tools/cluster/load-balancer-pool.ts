// The addresses that a cluster has for load balancers: as given to `npm run up` once, and kept for the next time.
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { AddressPool } from '../../libs/controllers/src/load-balancer/address-pool.ts';
import type { ClusterLayout } from './layout.ts';

type Layout = Pick<ClusterLayout, 'directory'>;

const fileOf = ({ directory }: Layout) => join(directory, 'load-balancer-pool');

/** Empty where there are none. */
export function loadBalancerPool(layout: Layout): string {
  return existsSync(fileOf(layout)) ? readFileSync(fileOf(layout), 'utf8').trim() : '';
}

/** @param pool empty takes it away @returns whether it was another @throws Error that says what is wrong with it */
export function keepLoadBalancerPool(layout: Layout, pool: string): boolean {
  if (pool === loadBalancerPool(layout)) return false;
  if (pool === '') {
    rmSync(fileOf(layout));
    return true;
  }
  try {
    AddressPool.parse(pool);
  } catch (error) {
    throw new Error(`--load-balancer-pool: ${(error as Error).message}`, { cause: error });
  }
  mkdirSync(layout.directory, { recursive: true });
  writeFileSync(fileOf(layout), `${pool}\n`);
  return true;
}
