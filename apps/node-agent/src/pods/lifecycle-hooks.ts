// postStart and preStop: exec, httpGet or sleep. A failure is told in an event; postStart's also ends the container.
import type { LifecycleHandler } from '@berth/api';
import type { Runtime } from '@berth/runtime';
import type { Clock } from '@berth/telemetry';
import { httpGet, type ProbeTarget } from '../probes/probe.ts';

/**
 * @param timeoutSeconds what is left of the grace period; for postStart, as long as it takes within reason
 * @param signal when aborted, nobody waits for the hook any more
 */
export async function runHook(
  handler: LifecycleHandler,
  target: ProbeTarget,
  runtime: Runtime,
  clock: Clock,
  timeoutSeconds: number,
  signal: AbortSignal,
): Promise<void> {
  if (signal.aborted) return;
  const abandoned = Promise.withResolvers<void>();
  signal.addEventListener('abort', () => abandoned.resolve(), { once: true });
  await Promise.race([perform(handler, target, runtime, clock, timeoutSeconds), abandoned.promise]);
}

async function perform(
  handler: LifecycleHandler,
  target: ProbeTarget,
  runtime: Runtime,
  clock: Clock,
  timeoutSeconds: number,
): Promise<void> {
  if (handler.exec) {
    const { exitCode, stderr } = await runtime.execSync(target.containerId, handler.exec.command ?? [], timeoutSeconds);
    if (exitCode !== 0) throw new Error(`command '${handler.exec.command?.join(' ')}' exited with ${exitCode}: ${String(stderr).trim()}`);
  } else if (handler.httpGet) {
    const result = await httpGet(handler.httpGet, target, timeoutSeconds * 1000);
    if (!result.success) throw new Error(result.message);
  } else if (handler.sleep) {
    await clock.sleep(Math.min(handler.sleep.seconds, timeoutSeconds) * 1000);
  }
}
