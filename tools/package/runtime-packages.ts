// The npm packages that the built programs load when they run, with all that those load in turn: what an installed Berth has of
// node_modules, and nothing else.
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

interface Manifest {
  dependencies?: Record<string, string>;
  optionalDependencies?: Record<string, string>;
  peerDependencies?: Record<string, string>;
  peerDependenciesMeta?: Record<string, { optional?: boolean }>;
}

/** @param root holds node_modules @returns folders from the root, sorted @throws Error naming a package that is not there */
export function runtimePackages(root: string, names: readonly string[]): string[] {
  const found = new Set<string>();
  const add = (from: string, name: string, isOptional: boolean) => {
    const folder = folderOf(root, from, name);
    if (!folder && isOptional) return;
    if (!folder) throw new Error(`${name}, which ${relative(root, from) || 'a program'} needs, is not in node_modules: run npm install`);
    if (found.has(folder)) return;
    found.add(folder);
    const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest;
    for (const dependency of dependenciesOf(manifest)) add(folder, dependency.name, dependency.isOptional);
  };
  for (const name of names) add(root, name, false);
  return [...found].map((folder) => relative(root, folder)).sort();
}

function dependenciesOf({ dependencies = {}, optionalDependencies = {}, peerDependencies = {}, peerDependenciesMeta = {} }: Manifest) {
  const isNeeded = (name: string) => !Object.hasOwn(optionalDependencies, name);
  const peers = Object.keys(peerDependencies).filter((name) => !peerDependenciesMeta[name]?.optional);
  return [
    ...Object.keys(dependencies).map((name) => ({ name, isOptional: !isNeeded(name) || isTypesOnly(name) })),
    ...Object.keys(optionalDependencies).map((name) => ({ name, isOptional: true })),
    // npm installs those that are needed; one that is not there is one that nobody missed.
    ...peers.map((name) => ({ name, isOptional: true })),
  ].filter(({ name }) => !isTypesOnly(name));
}

function isTypesOnly(name: string): boolean {
  return name.startsWith('@types/');
}

/** As Node looks for it: in the node_modules of the folder that asks, and of those above it. */
function folderOf(root: string, from: string, name: string): string | undefined {
  for (let folder = from; ; folder = dirname(folder)) {
    const candidate = join(folder, 'node_modules', name);
    if (existsSync(join(candidate, 'package.json'))) return candidate;
    if (folder === root || folder === dirname(folder)) return undefined;
  }
}
