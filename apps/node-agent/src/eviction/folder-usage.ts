// What folders take of their disk, by du(1): it follows no links and no mounts, whatever a container makes of its folders meanwhile.
// Folders that are gone take nothing.
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import type { DiskUsage } from './pod-usage.ts';

const timeoutMs = 60_000;
const outputBytesMax = 1024 * 1024;

/** @param withInodes costs a second walk @returns by path */
export async function folderUsage(paths: string[], withInodes: boolean): Promise<Map<string, DiskUsage>> {
  const there = paths.filter((path) => existsSync(path));
  if (there.length === 0) return new Map();
  const [bytes, inodes] = await Promise.all([
    du(['--block-size=1', ...there]),
    withInodes ? du(['--inodes', ...there]) : new Map<string, number>(),
  ]);
  return new Map(there.map((path) => [path, { bytes: bytes.get(path) ?? 0, inodes: inodes.get(path) ?? 0 }]));
}

function du(args: string[]): Promise<Map<string, number>> {
  return new Promise((resolve, reject) => {
    const options = { timeout: timeoutMs, maxBuffer: outputBytesMax, env: { ...process.env, LC_ALL: 'C' } };
    execFile('du', ['--summarize', '--one-file-system', ...args], options, (error, stdout, stderr) => {
      // 1 is also for what vanished while it was counted; the rest is right then.
      if (error && (error.code !== 1 || error.killed)) reject(new Error(`du failed: ${stderr.trim() || error.message}`, { cause: error }));
      else resolve(new Map(stdout.split('\n').flatMap(lineOf)));
    });
  });
}

function lineOf(line: string): [string, number][] {
  const tab = line.indexOf('\t');
  return tab < 0 ? [] : [[line.slice(tab + 1), Number(line.slice(0, tab))]];
}
