import { StatusError } from '@berth/machinery';
import { type Clock, systemClock } from '@berth/telemetry';
import { expect, test } from 'vitest';
import { YamlBodies } from './yaml-body.ts';
import { waitingBodiesMax } from './yaml-thread.ts';

const mebibyte = 2 ** 20;
const lines = (line: string, bytes: number) => Buffer.from(line.repeat(Math.floor(bytes / line.length)));
/** For a busy machine: the thread gives way to everything else. */
const readingMs = 100_000;
const list = lines('- a\n', mebibyte);
const short = Buffer.from('a: 1');
const refused = (code: number, message: string) => expect.objectContaining({ code, message: expect.stringContaining(message) });
/** Idle for no time is idle for long. */
const hasty: Clock = { ...systemClock, after: (ms, run) => systemClock.after(ms === 5_000 ? 0 : ms, run) };

test('long bodies are read beside the event loop, whatever they hold, and short ones at once', async () => {
  const yaml = new YamlBodies({ clock: systemClock, readingMs });
  expect(await yaml.read(short)).toEqual({ a: 1 });
  expect(yaml.usesThread).toBe(false);
  let turns = 0;
  const counter = setInterval(() => turns++, 1);
  expect(await yaml.read(list)).toHaveLength(list.length / 4);
  clearInterval(counter);
  expect(turns).toBeGreaterThan(20);
  const text = (await yaml.read(Buffer.concat([Buffer.from('data: |\n'), lines(`  ${'x'.repeat(100)}\n`, 2 * mebibyte)]))) as {
    data: string;
  };
  expect(text.data.length).toBeGreaterThan(2e6);
  await yaml.stop();
  expect(yaml.usesThread).toBe(false);
});

test('a thread says what is wrong as the event loop does, and goes on', async () => {
  const yaml = new YamlBodies({ clock: systemClock, readingMs });
  const broken = Buffer.concat([lines('- a\n', mebibyte), Buffer.from('}')]);
  await expect(yaml.read(broken)).rejects.toThrow(refused(400, 'error converting YAML to JSON'));
  await expect(yaml.read(broken)).rejects.toBeInstanceOf(StatusError);
  expect(await yaml.read(list)).toHaveLength(list.length / 4);
  await yaml.stop();
});

test('a thread without work ends, and the next body gets another', async () => {
  const yaml = new YamlBodies({ clock: hasty, readingMs });
  for (let round = 0; round < 2; round++) {
    expect(await yaml.read(lines('- a\n', mebibyte))).toHaveLength(mebibyte / 4);
    await expect.poll(() => yaml.usesThread).toBe(false);
  }
  await yaml.stop();
});

test('what takes too long or too much memory ends the thread alone, and what waits is read by another', async () => {
  const slow = new YamlBodies({ clock: systemClock, readingMs: 1 });
  const waiting = [slow.read(list), slow.read(list)];
  for (const one of waiting) await expect(one).rejects.toThrow(refused(413, 'it took longer than 0.001 s; send JSON'));
  await slow.stop();
  const small = new YamlBodies({ clock: systemClock, readingMs, limits: { maxOldGenerationSizeMb: 60 } });
  const large = small.read(lines('- {a: {b: []}}\n', 3 * mebibyte));
  const next = small.read(lines('- a\n', 100_000));
  await expect(large).rejects.toThrow(refused(413, 'it took too much memory; send JSON'));
  expect(await next).toHaveLength(25_000);
  await small.stop();
});

test('no more than so many wait, and nobody waits for what nobody wants', async () => {
  const yaml = new YamlBodies({ clock: systemClock, readingMs });
  const gone = new AbortController();
  const all = Array.from({ length: waitingBodiesMax + 1 }, (_, i) => yaml.read(lines('- a\n', 100_000), i === 1 ? gone.signal : undefined));
  const tooMany = yaml.read(list);
  gone.abort();
  await expect(tooMany).rejects.toMatchObject({ code: 429, status: { details: { retryAfterSeconds: 1 } } });
  const settled = await Promise.allSettled(all);
  expect(settled.map(({ status }) => status)).toEqual(settled.map((_, i) => (i === 1 ? 'rejected' : 'fulfilled')));
  await yaml.stop();
});

test('nothing is left behind when the server stops', async () => {
  const yaml = new YamlBodies({ clock: systemClock, readingMs });
  const reading = Promise.allSettled([yaml.read(list), yaml.read(list)]);
  await yaml.stop();
  expect(await reading).toMatchObject([{ reason: { code: 503 } }, { reason: { code: 503 } }]);
  await expect(yaml.read(list)).rejects.toMatchObject({ code: 503 });
  expect(yaml.usesThread).toBe(false);
});
