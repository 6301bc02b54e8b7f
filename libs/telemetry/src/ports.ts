// The ports that every part gets its time, its random numbers, its logs and its traces from, together.
import type { Clock } from './clock.ts';
import type { Logger } from './logger.ts';
import type { Random } from './random.ts';
import type { Tracer } from './tracing/tracer.ts';

export interface Ports {
  clock: Clock;
  random: Random;
  logger: Logger;
  /** Absent where nothing is traced. */
  tracer?: Tracer | undefined;
}
