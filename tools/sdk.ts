// npm run sdk: @berth/sdk as others install it, packed in dist/package: one program and its types without dependencies, so that
// nothing of the workspace is needed where it is used.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { argv } from 'node:process';
import { fileURLToPath } from 'node:url';
import { build as esbuild } from 'esbuild';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const source = join(root, 'libs', 'sdk');
/** Whose types those of the SDK name. */
const libraries = ['machinery', 'telemetry', 'api', 'client', 'controller', 'sdk'];
const entries = ['index', 'kinds', 'testing'];
const npm = join(root, 'node_modules', 'npm', 'bin', 'npm-cli.js');

/** @returns the path of the .tgz @throws when something does not compile */
export async function packSdk(output: string): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'berth-sdk-'));
  try {
    await Promise.all([bundle(folder), declare(folder)]);
    const { version, license } = JSON.parse(await readFile(join(source, 'package.json'), 'utf8')) as Record<string, string>;
    await writeFile(join(folder, 'package.json'), `${JSON.stringify(manifest(version ?? '', license ?? ''), undefined, 2)}\n`);
    await Promise.all([cp(join(root, 'LICENSE'), join(folder, 'LICENSE')), cp(join(source, 'README.md'), join(folder, 'README.md'))]);
    await mkdir(output, { recursive: true });
    const options = { cwd: folder, encoding: 'utf8' as const, stdio: ['ignore', 'pipe', 'pipe'] as ['ignore', 'pipe', 'pipe'] };
    const [program, ...first] = existsSync(npm) ? [process.execPath, npm] : ['npm'];
    const name = execFileSync(program ?? 'npm', [...first, 'pack', '--silent', '--offline', '--pack-destination', output], options);
    return join(output, name.trim().split('\n').at(-1) ?? '');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function manifest(version: string, license: string): object {
  const types = (name: string) => ({ types: `./types/sdk/src/${name}.d.ts`, default: `./${name}.js` });
  return {
    ...{ name: '@berth/sdk', version, license, type: 'module', engines: { node: '>=22' } },
    description: 'Controllers and admission webhooks for Kubernetes in TypeScript.',
    exports: { '.': types('index'), './kinds': types('kinds'), './testing': types('testing') },
    bin: { 'berth-sdk': './cli.js' },
  };
}

async function bundle(folder: string): Promise<void> {
  await esbuild({
    entryPoints: [...entries, 'cli'].map((name) => join(source, 'src', `${name}.ts`)),
    outdir: folder,
    bundle: true,
    // What several of them hold is one, so that a kind is the same to all.
    splitting: true,
    platform: 'node',
    format: 'esm',
    target: 'node24',
    chunkNames: 'parts/[hash]',
    legalComments: 'linked',
    logLevel: 'warning',
    // Packages of older form ask for Node's own modules by `require`.
    banner: { js: "import { createRequire as makeRequire } from 'node:module';\nconst require = makeRequire(import.meta.url);" },
  });
  const program = join(folder, 'cli.js');
  await writeFile(program, `#!/usr/bin/env node\n${await readFile(program, 'utf8')}`, { mode: 0o755 });
}

/** Declarations of the libraries beside each other, which import each other by path instead of by name. */
async function declare(folder: string): Promise<void> {
  const types = join(folder, 'types');
  // By name they would be packages of others, of which no declarations are written.
  const paths = {
    ...Object.fromEntries(libraries.map((name) => [`@berth/${name}`, [join(root, 'libs', name, 'src', 'index.ts')]])),
    '@berth/telemetry/testing': [join(root, 'libs', 'telemetry', 'src', 'simulated-clock.ts')],
  };
  const settings = {
    extends: join(root, 'tsconfig.json'),
    compilerOptions: {
      noEmit: false,
      declaration: true,
      emitDeclarationOnly: true,
      outDir: types,
      rootDir: join(root, 'libs'),
      skipLibCheck: true,
      paths,
    },
    include: [],
    files: [...entries, 'cli'].map((name) => join(source, 'src', `${name}.ts`)),
  };
  const config = join(source, `.tsconfig-${process.pid}.json`);
  await writeFile(config, JSON.stringify(settings));
  try {
    execFileSync(process.execPath, [join(root, 'node_modules', 'typescript-native', 'bin', 'tsc'), '-p', config], {
      stdio: ['ignore', 'inherit', 'inherit'],
    });
  } finally {
    rmSync(config, { force: true });
  }
  for (const file of readdirSync(types, { recursive: true, encoding: 'utf8' })) {
    if (!file.endsWith('.d.ts')) continue;
    const path = join(types, file);
    await writeFile(path, byPath(readFileSync(path, 'utf8'), dirname(path), types));
  }
}

function byPath(text: string, folder: string, types: string): string {
  return text.replaceAll(
    /((?:from|import\(|import) ?["'])(@berth\/|\.)([^"']*)(["'])/g,
    (_all, before: string, scope: string, name: string, after: string) => {
      if (scope === '.') return `${before}.${name.replace(/\.ts$/, '.js')}${after}`;
      const [library = '', entry = 'index'] = name.split('/');
      if (!libraries.includes(library)) throw new Error(`the types of @berth/sdk name @berth/${name}, which is not packed with them`);
      const target = entry === 'testing' && library === 'telemetry' ? 'simulated-clock' : entry;
      const path = relative(folder, join(types, library, 'src', `${target}.js`));
      return `${before}${path.startsWith('.') ? path : `./${path}`}${after}`;
    },
  );
}

if (argv[1] === fileURLToPath(import.meta.url)) console.log(await packSdk(join(root, 'dist', 'package')));
