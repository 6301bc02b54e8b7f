// What a container left in its termination message file, or the end of its log where the policy says so
// (terminationMessagePolicy FallbackToLogsOnError: last 2048 bytes or 80 lines).
import { basename, dirname, join } from 'node:path';
import type { Container } from '@berth/api';
import { type ContainerInfo, logFolder } from '@berth/runtime';
import { terminationMessageAnnotation } from './observed.ts';

const messageBytesMax = 4096;
const logBytesMax = 2048;
const logLinesMax = 80;

/** Where an instance's message is on the host. */
export function terminationMessageFile(podDirectory: string, container: string, attempt: number): string {
  return join(podDirectory, 'containers', container, `termination-${attempt}`);
}

export async function readTerminationMessage(logDirectory: string, container: Container, instance: ContainerInfo): Promise<string> {
  const file = instance.annotations[terminationMessageAnnotation];
  const message = file ? await lastBytes(file, messageBytesMax) : '';
  if (message || container.terminationMessagePolicy !== 'FallbackToLogsOnError' || instance.exitCode === 0) return message;
  const log = await lastBytes(join(logDirectory, container.name, `${instance.attempt}.log`), logBytesMax * 2, dirname(logDirectory));
  // CRI lines are `<time> <stream> <F|P> <text>`; a first line cut in half is left out.
  const lines = log
    .split('\n')
    .map((line) => /^\S+ (?:stdout|stderr) [FP] (.*)$/.exec(line)?.[1])
    .filter((line) => line !== undefined);
  return lines.slice(-logLinesMax).join('\n').slice(-logBytesMax);
}

/** What is no file has no last bytes: pods that collect logs may have put anything there. */
async function lastBytes(file: string, count: number, root?: string): Promise<string> {
  try {
    await using folder = await logFolder(file, root);
    await using handle = await folder.openFile(basename(file));
    const { size } = await handle.stat();
    const buffer = Buffer.alloc(Math.min(size, count));
    const { bytesRead } = await handle.read(buffer, 0, buffer.length, size - buffer.length);
    return buffer.toString('utf8', 0, bytesRead);
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'EINVAL'].includes((error as NodeJS.ErrnoException).code ?? '')) return '';
    throw error;
  }
}
