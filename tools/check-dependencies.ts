// Proves the dependency rules. Fails, too, when it looked at fewer modules than there are files: a cruise that resolves nothing
// reports success.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { cruise, type ICruiseResult } from 'dependency-cruiser';
import { root } from './cluster/layout.ts';
import { forbidden } from './dependency-rules.ts';

const folders = ['libs', 'apps/control-plane/src', 'apps/node-agent/src', 'apps/cli/src', 'apps/dashboard/src'];

export interface DependencyReport {
  modules: number;
  violations: string[];
}

/** @throws Error when modules were missed */
export async function checkDependencies(): Promise<DependencyReport> {
  const { output } = await cruise(folders, {
    baseDir: root,
    validate: true,
    ruleSet: { forbidden },
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default'],
      extensions: ['.ts', '.tsx', '.js', '.json'],
    },
  });
  const result = output as ICruiseResult;
  const modules = result.modules.filter(({ source }) => isSource(source)).length;
  const files = folders.reduce((sum, folder) => sum + sourceFiles(folder), 0);
  if (modules < files) throw new Error(`dependencies: looked at ${modules} modules of ${files} files; the rules prove nothing so`);
  return { modules, violations: result.summary.violations.map(({ rule, from, to }) => `${from} → ${to} breaks ${rule.name}`) };
}

function sourceFiles(folder: string): number {
  const entries = readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' });
  return entries.filter(isSource).length;
}

function isSource(path: string): boolean {
  return /\.tsx?$/.test(path) && !path.includes('node_modules');
}
