// What a process has used so far, as Linux counts it in /proc.
import { readFileSync } from 'node:fs';

/** USER_HZ, which Linux fixes at 100 for user space. */
const ticksPerSecond = 100;

/** utime and stime, fields 14 and 15 of proc_pid_stat(5). */
export function cpuSeconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
}

export function residentBytes(pid: number): number {
  const match = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  if (!match) throw new Error(`process ${pid} has ended`);
  return Number(match[1]) * 1024;
}
