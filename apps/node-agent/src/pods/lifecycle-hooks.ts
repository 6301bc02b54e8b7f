// postStart and preStop: exec, httpGet or sleep. Any answer to httpGet will do, whatever its code.
import type { HTTPGetAction, LifecycleHandler } from '@berth/api';
import type { Runtime } from '@berth/runtime';
import type { Clock } from '@berth/telemetry';
import { HttpActionError, httpAction } from '../probes/http-action.ts';
import type { ProbeTarget } from '../probes/probe-target.ts';

/** Of what a command printed; the rest is the container's own affair, and may be megabytes with each attempt. */
const outputBytesMax = 10 * 1024;

export interface HookPorts {
  runtime: Pick<Runtime, 'execSync'>;
  clock: Pick<Clock, 'sleep'>;
  /** For the LifecycleHTTPFallback event. */
  warned(message: string): void;
}

/**
 * Resolves when the hook has ended or nobody waits for it any more.
 * @param timeoutSeconds what is left of the grace period; absent for as long as it takes
 * @param signal when aborted, nobody waits for the hook any more
 * @throws Error saying how it failed
 */
export async function runHook(
  handler: LifecycleHandler,
  target: ProbeTarget,
  ports: HookPorts,
  timeoutSeconds: number | undefined,
  signal: AbortSignal,
): Promise<void> {
  if (signal.aborted) return;
  const over = new AbortController();
  const abandoned = Promise.withResolvers<void>();
  const abandon = () => abandoned.resolve();
  signal.addEventListener('abort', abandon, { once: true });
  const performed = perform(handler, target, ports, timeoutSeconds, over.signal);
  // Once it is abandoned, nobody hears how it ends.
  performed.catch(() => undefined);
  try {
    await Promise.race([performed, abandoned.promise]);
  } finally {
    signal.removeEventListener('abort', abandon);
    over.abort(new Error('the hook is over'));
  }
}

async function perform(
  { exec, httpGet, sleep }: LifecycleHandler,
  target: ProbeTarget,
  ports: HookPorts,
  timeoutSeconds: number | undefined,
  over: AbortSignal,
): Promise<void> {
  if (exec) {
    const command = exec.command ?? [];
    const { exitCode, stdout, stderr } = await ports.runtime.execSync(target.containerId, command, timeoutSeconds ?? 0);
    if (exitCode === 0) return;
    const output = JSON.stringify(Buffer.concat([stdout, stderr]).subarray(0, outputBytesMax).toString());
    throw new Error(
      `${described(target, `Exec lifecycle hook (${command.join(' ')})`)}command exited with ${exitCode}, message: ${output}`,
    );
  }
  if (httpGet) return await http(httpGet, target, ports, withTimeout(timeoutSeconds, over));
  if (!sleep) throw new Error('invalid handler: it names neither exec, httpGet nor sleep');
  const seconds = Math.min(sleep.seconds, timeoutSeconds ?? Number.POSITIVE_INFINITY);
  await ports.clock.sleep(seconds * 1000, over);
}

async function http(action: HTTPGetAction, target: ProbeTarget, ports: HookPorts, signal: AbortSignal): Promise<void> {
  try {
    await httpAction(action, target, { purpose: 'lifecycle', signal });
  } catch (error) {
    if (error instanceof HttpActionError && error.isPlainHttp) {
      await httpAction(action, target, { purpose: 'lifecycle', scheme: 'http', signal });
      const host = `${action.host || target.podIp}:${action.port}`;
      return ports.warned(`request to HTTPS lifecycle hook ${host} got HTTP response, retry with HTTP succeeded`);
    }
    throw new Error(`${described(target, `HTTP lifecycle hook (${action.path ?? ''})`)}${(error as Error).message}`, { cause: error });
  }
}

function withTimeout(timeoutSeconds: number | undefined, signal: AbortSignal): AbortSignal {
  return timeoutSeconds === undefined ? signal : AbortSignal.any([signal, AbortSignal.timeout(timeoutSeconds * 1000)]);
}

function described({ pod: { metadata }, container }: ProbeTarget, what: string): string {
  return `${what} for Container "${container.name}" in Pod "${metadata.name}_${metadata.namespace}(${metadata.uid})" failed - error: `;
}
