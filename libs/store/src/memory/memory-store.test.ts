import { SimulatedClock } from '@berth/telemetry/testing';
import { storeContract, watchEventsMax } from '../contract.ts';
import { MemoryStore } from './memory-store.ts';

storeContract(
  'memory',
  async () => {
    const clock = new SimulatedClock();
    const store = new MemoryStore({ clock, watchEventsMax });
    return { store, elapse: (seconds) => clock.advance(seconds * 1000), remove: () => store.close() };
  },
  { durable: false },
);
