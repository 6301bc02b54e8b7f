import { appendFile, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type ReadLogsOptions, readLogs } from './log-reader.ts';
import { rotatedFiles, rotateLog } from './log-rotation.ts';

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
    }
    const names = await rotatedFiles(path);
    expect(names.map((name) => name.slice(path.length))).toEqual([
      '.20261123-200004.000.gz',
      '.20261123-200005.000.gz',
      '.20261123-200006.000',
    ]);
    expect(gunzipSync(await readFile(names[0] ?? '')).toString()).toContain('round 3');
    expect(await rotateLog(path, { maxBytes: 10, maxFiles: 4, reopen: () => Promise.reject(new Error('not due')), clock })).toBe(false);
  });

  it('puts the log back when the runtime does not reopen it', async () => {
    await writeFile(path, record(1, 'kept'));
    await expect(rotateLog(path, { maxBytes: 1, maxFiles: 2, reopen: () => Promise.reject(new Error('gone')) })).rejects.toThrow('gone');
    expect(await readFile(path, 'utf8')).toContain('kept');
  });
});
