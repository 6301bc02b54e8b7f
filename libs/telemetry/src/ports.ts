// The ports that every part gets its time, its random numbers and its logs from, together.
import type { Clock } from './clock.ts';
import type { Logger } from './logger.ts';
import type { Random } from './random.ts';

export interface Ports {
  clock: Clock;
  random: Random;
  logger: Logger;
}
