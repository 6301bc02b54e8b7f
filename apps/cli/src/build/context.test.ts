// What gets into a build's context, and that nothing from outside of its folder does. Archives are read back by Debian's tar.
import { execFileSync } from 'node:child_process';
import { chmodSync, linkSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type BuildContext, buildContext, ContextError, packed } from './context.ts';

let parent: string;
let folder: string;

beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'berth-context-'));
  folder = join(parent, 'context');
  mkdirSync(folder);
  write('Dockerfile', 'FROM scratch\n');
  writeFileSync(join(parent, 'outside'), 'SECRET');
});

afterEach(() => rmSync(parent, { recursive: true }));

function write(path: string, text = path): void {
  mkdirSync(join(folder, path, '..'), { recursive: true });
  writeFileSync(join(folder, path), text);
}

async function archive(context: BuildContext): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of packed(context.entries)) pieces.push(piece);
  return Buffer.concat(pieces);
}

async function paths(ignore: string): Promise<string[]> {
  write('.dockerignore', ignore);
  const { entries } = await buildContext(folder);
  return entries.filter(({ type }) => type !== 'directory').map(({ path }) => path);
}

test.each([
  ['', ['.dockerignore', 'Dockerfile', 'a.md', 'docs/a.md', 'docs/deep/b.md', 'src/main.ts']],
  ['*.md', ['.dockerignore', 'Dockerfile', 'docs/a.md', 'docs/deep/b.md', 'src/main.ts']],
  ['**/*.md', ['.dockerignore', 'Dockerfile', 'src/main.ts']],
  ['docs', ['.dockerignore', 'Dockerfile', 'a.md', 'src/main.ts']],
  ['/docs/', ['.dockerignore', 'Dockerfile', 'a.md', 'src/main.ts']],
  ['./src/../docs/deep', ['.dockerignore', 'Dockerfile', 'a.md', 'docs/a.md', 'src/main.ts']],
  ['docs\n!docs/deep/b.md', ['.dockerignore', 'Dockerfile', 'a.md', 'docs/deep/b.md', 'src/main.ts']],
  ['**\n!src', ['src/main.ts', 'Dockerfile']],
  ['!a.md\n*.md', ['.dockerignore', 'Dockerfile', 'docs/a.md', 'docs/deep/b.md', 'src/main.ts']],
  ['# a.md\n\n  s?c  \ndocs/[a-d]*', ['.dockerignore', 'Dockerfile', 'a.md']],
  ['Dockerfile\n.dockerignore\ndocs/**\n**/main.ts', ['a.md', 'Dockerfile']],
])('.dockerignore %j leaves %j', async (ignore, left) => {
  for (const path of ['a.md', 'docs/a.md', 'docs/deep/b.md', 'src/main.ts']) write(path);
  expect(await paths(ignore)).toEqual(left);
});

test('what is wrong with a .dockerignore is named with its line', async () => {
  await expect(paths('a\n!')).rejects.toThrow('.dockerignore, line 2: "!" is followed by nothing');
  await expect(paths('[a')).rejects.toThrow('.dockerignore, line 1: "[a" opens a set of characters with [');
});

test('a pattern that takes other programs for ever takes no time', async () => {
  write(`${'a'.repeat(200)}b`);
  expect(await paths(`${'*a'.repeat(40)}\n${'**/'.repeat(60)}x`)).toHaveLength(3);
});

test('files, modes, links and long names are in the archive as they are in the folder', async () => {
  const long = `${'d'.repeat(120)}/${'ä'.repeat(60)}`;
  write(long, 'long');
  write('run', 'x'.repeat(300_001));
  chmodSync(join(folder, 'run'), 0o750);
  write('a\nb', 'newline');
  symlinkSync('run', join(folder, 'link'));
  linkSync(join(folder, 'run'), join(folder, 'hard'));
  const out = join(parent, 'out');
  mkdirSync(out);
  execFileSync('tar', ['-x', '-C', out, '--no-same-owner', '-p'], { input: await archive(await buildContext(folder)) });
  expect(readFileSync(join(out, long), 'utf8')).toBe('long');
  expect(readFileSync(join(out, 'a\nb'), 'utf8')).toBe('newline');
  for (const name of ['run', 'link', 'hard']) expect(readFileSync(join(out, name), 'utf8')).toHaveLength(300_001);
  expect(execFileSync('stat', ['-c', '%a %F', 'run', 'link'], { cwd: out, encoding: 'utf8' })).toBe(
    '750 regular file\n777 symbolic link\n',
  );
});

test.each([
  ['a file', '../outside'],
  ['a folder', '..'],
  ['an absolute path', '/etc'],
  ['itself', 'link'],
  ['a process’s root', '/proc/self/root'],
])('a link to %s stays a link: nothing behind it is packed', async (_, target) => {
  symlinkSync(target, join(folder, 'link'));
  const context = await buildContext(folder);
  expect(context.entries).toMatchObject([{ path: 'Dockerfile' }, { path: 'link', type: 'symlink', target }]);
  expect((await archive(context)).includes('SECRET')).toBe(false);
});

test('what takes a file’s or a folder’s place while it is packed ends the build, and is not read', async () => {
  write('deep/outside', 'inside');
  const swapped = await buildContext(folder);
  rmSync(join(folder, 'deep'), { recursive: true });
  symlinkSync('..', join(folder, 'deep'));
  await expect(archive(swapped)).rejects.toThrow('outside has changed while it was packed (deep/outside)');
  unlinkSync(join(folder, 'deep'));
  write('file');
  const context = await buildContext(folder);
  rmSync(join(folder, 'file'));
  symlinkSync('../outside', join(folder, 'file'));
  await expect(archive(context)).rejects.toThrow(ContextError);
});

test('sockets and pipes are left out, and named', async () => {
  execFileSync('mkfifo', [join(folder, 'pipe')]);
  const server = createServer().listen(join(folder, 'socket'));
  await new Promise((resolve) => server.once('listening', resolve));
  try {
    expect((await buildContext(folder)).skipped).toEqual(['pipe', 'socket']);
  } finally {
    await new Promise((resolve) => server.close(resolve));
  }
});

test('a Dockerfile from elsewhere comes along under a name of its own, with the .dockerignore beside it', async () => {
  const file = join(parent, 'Other');
  writeFileSync(file, 'FROM scratch\nLABEL other=1\n');
  writeFileSync(`${file}.dockerignore`, 'a\n');
  write('a');
  const context = await buildContext(folder, file);
  expect(context).toMatchObject({ dockerfile: '.berth-build.Dockerfile', dockerfileText: expect.stringContaining('other=1') });
  expect(context.entries.map(({ path }) => path)).toEqual(['Dockerfile', '.berth-build.Dockerfile']);
});

test('what is missing is named with what to do', async () => {
  rmSync(join(folder, 'Dockerfile'));
  await expect(buildContext(folder)).rejects.toThrow('Dockerfile: write one, or name another with -f');
  await expect(buildContext(join(folder, 'gone'))).rejects.toThrow('gone: name the one that holds the build’s files'.replace('’', "'"));
});
