// Controllers in tests: against an API in memory, on time that the test decides, so that hours take milliseconds and every run is the same.
import type { Client } from '@berth/client';
import { seededRandom, silentLogger } from '@berth/telemetry';
import { SimulatedClock } from '@berth/telemetry/testing';
import { MemoryApi } from './memory-api.ts';
import { type AnyController, startControllers } from './run.ts';

export interface Simulation {
  api: Client;
  clock: SimulatedClock;
  /** Lets time pass until `check` returns something, at most an hour. @throws Error when it does not */
  eventually<T>(check: () => Promise<T | undefined | false>): Promise<T>;
  stop(): Promise<void>;
}

const limitMs = 3_600_000;

export async function simulate(controllers: AnyController[]): Promise<Simulation> {
  const clock = new SimulatedClock();
  const api = new MemoryApi(clock);
  const running = await startControllers({ controllers, client: api, clock, random: seededRandom(1), logger: silentLogger });
  return {
    api,
    clock,
    async eventually<T>(check: () => Promise<T | undefined | false>) {
      let found: T | undefined | false;
      const holds = async () => {
        found = await check();
        return Boolean(found);
      };
      if (await clock.runUntil(holds, limitMs)) return found as T;
      throw new Error(`what the test waits for did not happen within an hour of simulated time: ${check}`);
    },
    stop: () => running.stop(),
  };
}

export { MemoryApi, SimulatedClock };
