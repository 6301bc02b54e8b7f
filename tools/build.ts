// Bundles the node programs to apps/*/dist/main.js: one file each with the npm packages that it uses, and one more for each thread it
// starts (`*.worker.ts`); the supervisor of `npm run up` beside its source; and the dashboard to apps/dashboard/dist. One file starts with
// half the work of a thousand, which is most of a start.
// What was built from the same sources is left alone: clusters that run beside each other start from these files.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { argv } from 'node:process';
import { fileURLToPath } from 'node:url';
import { type BuildOptions, build as esbuild, type Metafile, type Plugin } from 'esbuild';
import { buildDashboard } from '../apps/dashboard/build.ts';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
/** Beside a program: the npm packages that it consists of and loads. */
export const packagesFile = '.packages.json';
export interface ProgramPackages {
  /** Folders, from the root, of those whose code is in the program. */
  inside: string[];
  /** Names of those that it loads when it runs. */
  outside: string[];
}

const apps = ['control-plane', 'node-agent', 'cli', 'dashboard', 'supervisor'];

/** Of the programs that are no app: its first file, and what else of the tree it consists of. */
const tools: Record<string, { main: string; sources: string[] }> = {
  supervisor: { main: 'tools/cluster/supervisor.ts', sources: ['tools/cluster', 'apps/cli/src/supervisor.ts'] },
};

/** What a program is made from, and the first file of what is made. */
interface Program {
  source: string;
  sources: string[];
  result: string;
}

/** Reads files in its own folder; few clusters load it. */
const outside = ['etcd3'];

const somePackagesStayOutside: Plugin = {
  name: 'some-packages-stay-outside',
  setup(build) {
    build.onResolve({ filter: /^[^./]/ }, async ({ path, kind, pluginData, ...from }) => {
      if (kind === 'entry-point' || pluginData === 'asked') return undefined;
      if (outside.includes(packageName(path))) return { path, external: true };
      if (!['require-call', 'dynamic-import'].includes(kind) || isBuiltin(path)) return undefined;
      // What a package tries to load, and does without, is not installed.
      const { errors, ...found } = await build.resolve(path, { ...from, kind, pluginData: 'asked' });
      return errors.length > 0 ? { path, external: true } : found;
    });
  },
};

/** One character beyond Latin-1, in a comment or a pattern, would double what the text of a program takes in memory. */
const inOneByteACharacter: Plugin = {
  name: 'in-one-byte-a-character',
  setup({ onEnd, initialOptions }) {
    initialOptions.write = false;
    onEnd(({ outputFiles = [] }) => {
      for (const { path, text } of outputFiles) {
        mkdirSync(dirname(path), { recursive: true });
        writeFileSync(path, path.endsWith('.js') ? escaped(text) : text);
      }
    });
  },
};

/** The same program in ASCII: what is beyond stands in strings, patterns and comments only, and may be escaped in each. */
export function escaped(program: string): string {
  return program.replace(/[^\0-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** What packages in the form of CommonJS expect to be there, in a module. */
const commonJs: Pick<BuildOptions, 'banner' | 'define'> = {
  banner: {
    js: [
      "import { createRequire as berthCreateRequire } from 'node:module';",
      'const require = berthCreateRequire(import.meta.url);',
      'const [berthFilename, berthDirname] = [import.meta.filename, import.meta.dirname];',
    ].join(' '),
  },
  define: { __filename: 'berthFilename', __dirname: 'berthDirname' },
};

/** Builds those of the apps that there are; resolves with the programs' first files. @throws when something does not compile */
export async function build(names: string[] = apps): Promise<string[]> {
  const present = names.map(programOf).filter(({ source }) => existsSync(join(root, source)));
  const libraries = digestOf(['libs', 'package-lock.json', 'tools/build.ts']);
  return Promise.all(present.map((program) => buildUnlessBuilt(program, digestOf(program.sources, libraries))));
}

function programOf(name: string): Program {
  const tool = tools[name];
  if (tool)
    return { source: tool.main, sources: tool.sources, result: join(dirname(tool.main), 'dist', `${basename(tool.main, '.ts')}.js`) };
  const app = `apps/${name}`;
  if (name === 'dashboard') return { source: app, sources: [app], result: `${app}/dist/index.html` };
  return { source: `${app}/src/main.ts`, sources: [app], result: `${app}/dist/main.js` };
}

async function buildUnlessBuilt(program: Program, digest: string): Promise<string> {
  const result = join(root, program.result);
  const stamp = join(dirname(result), '.built-from');
  if (existsSync(result) && existsSync(stamp) && readFileSync(stamp, 'utf8') === digest) return result;
  await (result.endsWith('.html') ? buildDashboard() : bundle(join(root, program.source), dirname(result)));
  writeFileSync(stamp, digest);
  return result;
}

/** Of the names and contents of all source files below. @param paths from the root @param seed of what else counts */
function digestOf(paths: string[], seed = ''): string {
  const hash = createHash('sha256').update(seed);
  for (const path of paths) for (const file of sourcesBelow(join(root, path))) hash.update(`${file}\0`).update(readFileSync(file));
  return hash.digest('hex');
}

function sourcesBelow(path: string): string[] {
  if (statSync(path).isFile()) return [path];
  const entries = readdirSync(path, { withFileTypes: true }).filter(({ name }) => name !== 'dist' && name !== 'node_modules');
  return entries
    .map(({ name }) => name)
    .sort()
    .flatMap((name) => sourcesBelow(join(path, name)));
}

/** @param main the program's first file */
async function bundle(main: string, outdir: string): Promise<void> {
  const program = await bundleFiles([main], outdir);
  const threads = threadsOf(program);
  const metafiles = threads.length > 0 ? [program, await bundleFiles(threads, outdir)] : [program];
  const outputs = metafiles.flatMap((metafile) => Object.values(metafile.outputs));
  const imports = outputs.flatMap((output) => output.imports.map(({ path }) => packageName(path)));
  const packages: ProgramPackages = {
    inside: packageFolders(metafiles.flatMap(({ inputs }) => Object.keys(inputs))),
    outside: outside.filter((wanted) => imports.includes(wanted)),
  };
  writeFileSync(join(outdir, packagesFile), JSON.stringify(packages));
}

/** Those beside the program's own sources, in whatever package: a thread's file lies beside the one that starts it. */
function threadsOf({ inputs }: Metafile): string[] {
  const folders = new Set(
    Object.keys(inputs)
      .filter((file) => !file.includes('node_modules/'))
      .map((file) => dirname(file)),
  );
  return [...folders].flatMap((folder) =>
    readdirSync(join(root, folder))
      .filter((file) => file.endsWith('.worker.ts'))
      .map((file) => join(root, folder, file)),
  );
}

async function bundleFiles(entryPoints: string[], outdir: string): Promise<Metafile> {
  const { metafile } = await esbuild({
    entryPoints,
    outdir,
    // All beside each other, wherever their sources are.
    entryNames: '[name]',
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node24',
    sourcemap: 'linked',
    // A process holds the text of its program for as long as it runs. Names stay, for those who read stack traces.
    minifyWhitespace: true,
    minifySyntax: true,
    lineLimit: 160,
    plugins: [somePackagesStayOutside, inOneByteACharacter],
    ...commonJs,
    absWorkingDir: root,
    tsconfigRaw: { compilerOptions: { experimentalDecorators: true, target: 'ES2024' } },
    logLevel: 'warning',
    metafile: true,
  });
  return metafile;
}

/** @param files from the root */
function packageFolders(files: string[]): string[] {
  const folders = files.flatMap((file) => /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file) ?? []);
  return [...new Set(folders)].sort();
}

/** `@scope/name/part` is of `@scope/name`. */
function packageName(path: string): string {
  return path
    .split('/')
    .slice(0, path.startsWith('@') ? 2 : 1)
    .join('/');
}

if (argv[1] === fileURLToPath(import.meta.url)) {
  const startMs = performance.now();
  const files = await build(argv.length > 2 ? argv.slice(2) : undefined);
  console.log(`built ${files.map((file) => file.slice(root.length + 1)).join(', ')} in ${Math.round(performance.now() - startMs)} ms`);
}
