// Whether a part of the server is well, for those who only want a yes or a no.
import type { Logger } from '@berth/telemetry';

/** Whether the proof succeeds; why it does not is logged. */
export function isHealthy(part: string, proof: Promise<unknown>, logger: Logger): Promise<boolean> {
  return proof.then(
    () => true,
    (error: unknown) => {
      logger.warn(`${part} is not healthy`, { error });
      return false;
    },
  );
}
