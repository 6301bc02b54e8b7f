// What is sent to a builder that has the files of an earlier build: nothing it has, and nothing of it stays that is gone.
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, unlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { buildContext, packed } from './context.ts';
import { archiveBytes, changesOf, fingerprints, listText, readList } from './context-changes.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'berth-changes-'));
  write('Dockerfile', 'FROM scratch\n');
  for (const path of ['d/a', 'd/b=/c', 'l/=/=', 'ä\nb', 'kind/file', 'linked']) write(path, path);
  symlinkSync('d/a', join(folder, 'link'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function write(path: string, text: string): void {
  mkdirSync(join(folder, path, '..'), { recursive: true });
  writeFileSync(join(folder, path), text);
  utimesSync(join(folder, path), 1_700_000_000, 1_700_000_000);
}

async function look() {
  const { entries } = await buildContext(folder);
  return { entries, prints: await fingerprints(entries) };
}

async function changes(kept: Buffer) {
  const { entries, prints } = await look();
  const { removed, sent } = changesOf(entries, prints, readList(kept));
  return { removed, sent: sent.filter(({ type }) => type !== 'directory').map(({ path }) => path) };
}

test('of the same folder nothing is sent again but its folders, whatever its files are called', async () => {
  const { prints } = await look();
  expect(readList(listText(prints))).toEqual(prints);
  expect(await changes(listText(prints))).toEqual({ removed: [], sent: [] });
  expect((await changes(Buffer.alloc(0))).sent).toHaveLength(8);
});

test('what has another content, mode or time is sent, what is gone or of another kind is removed', async () => {
  const { prints } = await look();
  write('d/a', 'D/a');
  write('new', 'new');
  chmodSync(join(folder, 'd/b=/c'), 0o755);
  utimesSync(join(folder, 'ä\nb'), 1_700_000_001, 1_700_000_001);
  for (const path of ['link', 'kind', 'l', 'linked']) rmSync(join(folder, path), { recursive: true });
  symlinkSync('other', join(folder, 'link'));
  symlinkSync('d', join(folder, 'linked'));
  write('kind', 'a file now');
  expect(await changes(listText(prints))).toEqual({
    removed: ['kind', 'kind/file', 'l', 'l/=', 'l/=/=', 'linked'],
    sent: ['d/a', 'd/b=/c', 'kind', 'link', 'linked', 'new', 'ä\nb'],
  });
});

test('an archive is as long as was said before', async () => {
  write('empty', '');
  write(`${'x'.repeat(150)}/long`, 'x'.repeat(5000));
  const { entries } = await look();
  let bytes = 0;
  for await (const piece of packed(entries)) bytes += piece.length;
  expect(bytes).toBe(archiveBytes(entries));
});

test('a file that changes after it was looked at is no part of any build', async () => {
  const { entries } = await look();
  write('d/a', 'longer than before');
  const read = async () => {
    for await (const piece of packed(entries)) expect(piece).toBeInstanceOf(Buffer);
  };
  await expect(read()).rejects.toThrow('a has changed while it was packed (d/a)');
});

test('applied as a builder does it, the folder there is as the one here', async () => {
  const there = mkdtempSync(join(tmpdir(), 'berth-there-'));
  try {
    let kept = Buffer.alloc(0);
    const apply = async () => {
      const { entries, prints } = await look();
      const { removed, sent } = changesOf(entries, prints, readList(kept));
      execFileSync('xargs', ['-0', '-r', 'rm', '-rf', '--'], { cwd: there, input: removed.map((path) => `${path}\0`).join('') });
      const pieces: Buffer[] = [];
      for await (const piece of packed(sent)) pieces.push(piece);
      const options = ['-x', '-p', '--no-same-owner', '--delay-directory-restore', '-f', '-'];
      execFileSync('tar', options, { cwd: there, input: Buffer.concat(pieces) });
      kept = Buffer.from(listText(prints));
      execFileSync('diff', ['-r', '--no-dereference', folder, there]);
    };
    await apply();
    write('d/a', 'D/a');
    rmSync(join(folder, 'kind'), { recursive: true });
    write('kind', 'a file now');
    rmSync(join(folder, 'd/b='), { recursive: true });
    symlinkSync('/etc', join(folder, 'd/b='));
    await apply();
    unlinkSync(join(folder, 'd/b='));
    write('d/b=/c', 'a folder again');
    chmodSync(join(folder, 'd/b='), 0o555);
    await apply();
    expect(readFileSync(join(there, 'd/b=/c'), 'utf8')).toBe('a folder again');
  } finally {
    rmSync(there, { recursive: true });
  }
});
