// What a disk can do, measured by fio past the page cache, with as many requests under way as keep one busy.
import { join } from 'node:path';
import { runCommand } from '../../../tools/cluster/run-command.ts';

export interface DiskJob {
  name: 'sequentialRead' | 'sequentialWrite' | 'randomRead' | 'randomWrite';
  unit: 'mebiPerSecond' | 'perSecond';
}

const seconds = 4;
const sizeMebi = 512;
const requests = 16;
const [largeBlock, smallBlock] = ['1M', '4k'];

export const diskJobs: DiskJob[] = [
  { name: 'sequentialRead', unit: 'mebiPerSecond' },
  { name: 'sequentialWrite', unit: 'mebiPerSecond' },
  { name: 'randomRead', unit: 'perSecond' },
  { name: 'randomWrite', unit: 'perSecond' },
];

/** Of a file in the folder, which is written in full before. */
export async function perSecond({ name, unit }: DiskJob, folder: string): Promise<number> {
  const isRead = name.endsWith('Read');
  const pattern = `${name.startsWith('random') ? 'rand' : ''}${isRead ? 'read' : 'write'}`;
  const options = { ioengine: 'libaio', direct: 1, iodepth: requests, time_based: 1, runtime: seconds, size: `${sizeMebi}M`, overwrite: 1 };
  const settings = {
    ...options,
    name,
    filename: join(folder, 'measured'),
    rw: pattern,
    bs: unit === 'perSecond' ? smallBlock : largeBlock,
  };
  const flags = Object.entries(settings).map(([key, value]) => `--${key}=${value}`);
  const { stdout } = await runCommand(['fio', '--output-format=json', ...flags], { timeoutMs: 120_000 });
  const [job] = (JSON.parse(stdout.slice(stdout.indexOf('{'))) as FioReport).jobs;
  const measured = job?.[isRead ? 'read' : 'write'];
  if (!measured) throw new Error(`fio reports nothing: ${stdout.slice(0, 500)}`);
  return unit === 'perSecond' ? measured.iops : measured.bw / 1024;
}

interface FioReport {
  /** In KiB and requests a second. */
  jobs: Record<'read' | 'write', { bw: number; iops: number }>[];
}
