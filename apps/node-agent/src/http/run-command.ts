// `/run/NAMESPACE/POD/CONTAINER?cmd=WORDS`: one command without input, its output when it has ended.
import { StatusError } from '@berth/machinery';
import type { Runtime } from '@berth/runtime';
import type { LogSources } from './container-logs.ts';

const timeoutSeconds = 120;

/** @throws StatusError */
export async function runCommand(
  runtime: Runtime,
  { containers }: Pick<LogSources, 'containers'>,
  [namespace = '', pod = '', container = '']: string[],
  query: URLSearchParams,
): Promise<string> {
  const found = await containers(namespace, pod, container);
  if (!found) throw new StatusError(404, 'NotFound', 'pod does not exist');
  const running = found.instances.find(({ state }) => state === 'running');
  if (!running) throw new StatusError(404, 'NotFound', `container not found (${JSON.stringify(container)})`);
  const command = (query.get('cmd') ?? '').split(' ').filter((word) => word !== '');
  if (command.length === 0) throw StatusError.badRequest('say in the query parameter cmd what to run');
  const { exitCode, stdout, stderr } = await runtime.execSync(running.id, command, timeoutSeconds);
  const output = Buffer.concat([stdout, stderr]).toString();
  if (exitCode !== 0) throw StatusError.internal(`${output}command '${command.join(' ')}' exited with ${exitCode}`);
  return output;
}
