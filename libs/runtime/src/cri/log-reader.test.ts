import { execFileSync } from 'node:child_process';
import { appendFile, mkdir, mkdtemp, readdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type ReadLogsOptions, readLogs } from './log-reader.ts';
import { compressRotated, rotateLog } from './log-rotation.ts';

let directory: string;
let path: string;
const signal = new AbortController().signal;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'log-'));
  path = join(directory, '0.log');
});
afterEach(() => rm(directory, { recursive: true }));

const record = (second: number, text: string, tag = 'F', stream = 'stdout') =>
  `2026-11-23T20:00:${String(second).padStart(2, '0')}.123456789Z ${stream} ${tag} ${text}\n`;

async function read(options: Partial<ReadLogsOptions> = {}): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of readLogs(path, { follow: false, timestamps: false, signal, ...options })) parts.push(part);
  return Buffer.concat(parts).toString();
}

describe('readLogs', () => {
  it('joins the pieces of a line and leaves out what is not a record', async () => {
    await writeFile(
      path,
      [record(1, 'one ', 'P'), record(1, 'line', 'F'), 'garbage\n', record(2, ''), record(3, 'cut').slice(0, -1)].join(''),
    );
    expect(await read()).toBe('one line\n\n');
    expect(await read({ timestamps: true })).toBe('2026-11-23T20:00:01.123456789Z one line\n2026-11-23T20:00:02.123456789Z \n');
  });

  it('counts the last lines from the end, where pieces are one line', async () => {
    await writeFile(path, record(1, 'first') + record(2, 'sec', 'P') + record(2, 'o', 'P') + record(2, 'nd') + record(3, 'third'));
    expect(await read({ tailLines: 0 })).toBe('');
    expect(await read({ tailLines: 1 })).toBe('third\n');
    expect(await read({ tailLines: 2 })).toBe('second\nthird\n');
    expect(await read({ tailLines: 3 })).toBe('first\nsecond\nthird\n');
    expect(await read({ tailLines: 9 })).toBe('first\nsecond\nthird\n');
  });

  it('finds the last lines across blocks, whatever the length of lines', async () => {
    const lines = Array.from({ length: 3_000 }, (_, index) => `${index}:${'x'.repeat((index * 37) % 300)}`);
    await writeFile(path, lines.map((line) => record(1, line)).join(''));
    for (const tailLines of [1, 500, 1_777, 2_999]) expect(await read({ tailLines })).toBe(`${lines.slice(-tailLines).join('\n')}\n`);
  });

  it('takes from the file before it what the log has too few of, right after it was rotated', async () => {
    const rotate = () => rotateLog(path, { maxBytes: 0, maxFiles: 5, reopen: () => writeFile(path, '') });
    await writeFile(path, record(1, 'oldest'));
    await rotate();
    await writeFile(path, record(2, 'one') + record(3, 'two'));
    await rotate();
    await compressRotated(path);
    expect(await read({ tailLines: 1 })).toBe('two\n');
    expect(await read({ tailLines: 0 })).toBe('');
    await appendFile(path, record(4, 'three'));
    expect(await read({ tailLines: 1 })).toBe('three\n');
    expect(await read({ tailLines: 2 })).toBe('two\nthree\n');
    expect(await read({ tailLines: 2, limitBytes: 3 })).toBe('two');
    expect(await read({ tailLines: 9, follow: true, isFinished: () => true })).toBe('one\ntwo\nthree\n');
    expect(await read()).toBe('three\n');
  });

  it('keeps to the time and the number of bytes', async () => {
    await writeFile(path, record(1, 'old') + record(5, 'new') + record(6, 'newer', 'F', 'stderr'));
    expect(await read({ sinceTimeMs: Date.parse('2026-11-23T20:00:05Z') })).toBe('new\nnewer\n');
    expect(await read({ limitBytes: 6 })).toBe('old\nne');
    expect(await read({ stream: 'stderr' })).toBe('newer\n');
  });

  it('follows through rotation until the container has ended', async () => {
    await writeFile(path, record(1, 'before'));
    let ended = false;
    const got: string[] = [];
    const reader = (async () => {
      for await (const part of readLogs(path, { follow: true, timestamps: false, signal, isFinished: () => ended })) {
        got.push(part.toString());
        if (got.join('') === 'before\n') await appendFile(path, record(2, 'while'));
        if (got.join('').endsWith('while\n')) {
          await rename(path, `${path}.old`);
          await appendFile(`${path}.old`, record(3, 'late'));
          await writeFile(path, record(4, 'after'));
        }
        if (got.join('').endsWith('after\n')) {
          await appendFile(path, record(5, 'last'));
          ended = true;
        }
      }
    })();
    await reader;
    expect(got.join('')).toBe('before\nwhile\nlate\nafter\nlast\n');
  });

  it('reads only what is there when it is not to follow, however quickly the log grows', async () => {
    const lines = Array.from({ length: 2_000 }, (_, index) => record(1, `${index}:${'x'.repeat(200)}`));
    await writeFile(path, lines.join(''));
    for (const tailLines of [5, undefined]) {
      const got: string[] = [];
      for await (const part of readLogs(path, { follow: false, timestamps: false, signal, ...(tailLines && { tailLines }) })) {
        got.push(part.toString());
        // The writer is quicker than the reader.
        await appendFile(path, lines.join(''));
      }
      expect(got.join('').split('\n')).toHaveLength((tailLines ?? lines.length * 2) + 1);
    }
  });

  it('follows no link below the root, neither in place of the log nor of its folders, and opens no pipe', async () => {
    const pod = join(directory, 'pod');
    await mkdir(join(pod, 'main'), { recursive: true });
    await writeFile(join(directory, 'secret'), record(1, 'of the host'));
    await mkdir(join(directory, 'elsewhere'));
    await writeFile(join(directory, 'elsewhere/0.log'), record(1, 'of the host'));
    const log = join(pod, 'main/0.log');
    const all = async () => {
      const parts: Buffer[] = [];
      for await (const part of readLogs(log, { follow: false, timestamps: false, signal, root: directory })) parts.push(part);
      return Buffer.concat(parts).toString();
    };
    const rotate = () => rotateLog(log, { maxBytes: 1, maxFiles: 2, reopen: async () => undefined, root: directory });
    await writeFile(log, record(1, 'own'));
    expect(await all()).toBe('own\n');
    await rm(log);
    await symlink(join(directory, 'secret'), log);
    await expect(all()).rejects.toThrow('is not a regular file');
    await rm(join(pod, 'main'), { recursive: true });
    await symlink(join(directory, 'elsewhere'), join(pod, 'main'));
    await expect(all()).rejects.toThrow('ENOTDIR');
    await expect(rotate()).rejects.toThrow('ENOTDIR');
    expect(await readdir(join(directory, 'elsewhere'))).toEqual(['0.log']);
    await rm(join(pod, 'main'));
    await mkdir(join(pod, 'main'));
    execFileSync('mkfifo', [log]);
    await expect(all()).rejects.toThrow('is not a regular file');
  });

  it('stops at once when aborted, and says when there is no file', async () => {
    await expect(read()).rejects.toMatchObject({ code: 'ENOENT' });
    await writeFile(path, '');
    const abort = new AbortController();
    const reading = read({ follow: true, signal: abort.signal });
    abort.abort();
    expect(await reading).toBe('');
  });
});

describe('rotateLog', () => {
  it('renames, reopens, compresses older ones and keeps the number', async () => {
    let nowMs = Date.parse('2026-11-23T20:00:00Z');
    const clock = { now: () => (nowMs += 1_000), monotonicMs: () => 0, after: () => ({ cancel() {} }), sleep: async () => {} };
    for (let round = 0; round < 6; round++) {
      await writeFile(path, record(round, `round ${round}`));
      expect(await rotateLog(path, { maxBytes: 10, maxFiles: 4, reopen: () => writeFile(path, ''), clock })).toBe(true);
      await writeFile(`${path}.20261123-200001.000.tmp`, 'of an agent that was killed');
      await compressRotated(path);
    }
    expect((await readdir(directory)).sort()).toEqual([
      '0.log',
      '0.log.20261123-200001.000.tmp',
      '0.log.20261123-200004.000.gz',
      '0.log.20261123-200005.000.gz',
      '0.log.20261123-200006.000',
    ]);
    expect(gunzipSync(await readFile(`${path}.20261123-200004.000.gz`)).toString()).toContain('round 3');
    expect(await rotateLog(path, { maxBytes: 10, maxFiles: 4, reopen: () => Promise.reject(new Error('not due')), clock })).toBe(false);
  });

  it('puts the log back when the runtime does not reopen it', async () => {
    await writeFile(path, record(1, 'kept'));
    await expect(rotateLog(path, { maxBytes: 1, maxFiles: 2, reopen: () => Promise.reject(new Error('gone')) })).rejects.toThrow('gone');
    expect(await readFile(path, 'utf8')).toContain('kept');
  });
});
