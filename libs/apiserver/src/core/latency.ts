// How long each part of a request takes, for an audit log that says where the time of slow ones went.
import type { Clock } from '@berth/telemetry';
import type { Annotated, Layer } from './types.ts';

/** Costs nothing when nobody is told. */
export function timed<T>(
  audit: Annotated | undefined,
  layer: Layer,
  clock: Pick<Clock, 'monotonicMs'>,
  work: () => Promise<T>,
): Promise<T> {
  return audit ? told(audit, layer, clock, work) : work();
}

async function told<T>(audit: Annotated, layer: Layer, clock: Pick<Clock, 'monotonicMs'>, work: () => Promise<T>): Promise<T> {
  const startMs = clock.monotonicMs();
  try {
    return await work();
  } finally {
    audit.spent(layer, clock.monotonicMs() - startMs);
  }
}
