// What a container left in its termination message file, or the end of its log where the policy says so
// (terminationMessagePolicy FallbackToLogsOnError: last 2048 bytes or 80 lines).
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import type { Container } from '@berth/api';
import type { ContainerInfo } from '@berth/runtime';
import { terminationMessageAnnotation } from './observed.ts';

const messageBytesMax = 4096;
const logBytesMax = 2048;
const logLinesMax = 80;

/** Where an instance's message is on the host. */
export function terminationMessageFile(podDirectory: string, container: string, attempt: number): string {
  return join(podDirectory, 'containers', container, `termination-${attempt}`);
}

export async function readTerminationMessage(
  logDirectory: string,
  container: Container,
  instance: ContainerInfo,
  readsFiles: boolean,
): Promise<string> {
  if (!readsFiles) return '';
  const file = instance.annotations[terminationMessageAnnotation];
  const message = file ? await lastBytes(file, messageBytesMax) : '';
  if (message || container.terminationMessagePolicy !== 'FallbackToLogsOnError' || instance.exitCode === 0) return message;
  const log = await lastBytes(join(logDirectory, container.name, `${instance.attempt}.log`), logBytesMax * 2);
  // CRI lines are `<time> <stream> <F|P> <text>`; a first line cut in half is left out.
  const lines = log
    .split('\n')
    .map((line) => /^\S+ (?:stdout|stderr) [FP] (.*)$/.exec(line)?.[1])
    .filter((line) => line !== undefined);
  return lines.slice(-logLinesMax).join('\n').slice(-logBytesMax);
}

async function lastBytes(file: string, count: number): Promise<string> {
  try {
    await using handle = await open(file);
    const { size } = await handle.stat();
    const buffer = Buffer.alloc(Math.min(size, count));
    await handle.read(buffer, 0, buffer.length, size - buffer.length);
    return buffer.toString();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw error;
  }
}
