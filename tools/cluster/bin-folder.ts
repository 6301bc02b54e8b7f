// A folder for a person's PATH: the kubectl that the cluster was tried with, and `berth`, both set to this cluster.
import { chmod, mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execPath } from 'node:process';
import { kubectlPath } from './kubectl.ts';
import { type ClusterLayout, kubeconfigPath, root } from './layout.ts';

/** @returns the folder */
export async function provideBinFolder(layout: ClusterLayout): Promise<string> {
  const folder = join(layout.directory, 'bin');
  await mkdir(folder, { recursive: true });
  const kubeconfig = kubeconfigPath(layout);
  const commands = {
    kubectl: [await kubectlPath('1.35')],
    berth: [execPath, join(root, 'apps', 'cli', 'dist', 'main.js')],
  };
  for (const [name, command] of Object.entries(commands)) {
    const script = `#!/bin/sh\n: "\${KUBECONFIG:=${kubeconfig}}"\nexport KUBECONFIG\nexec ${command.map(quoted).join(' ')} "$@"\n`;
    const file = join(folder, name);
    await writeFile(`${file}.partial`, script);
    await chmod(`${file}.partial`, 0o755);
    await rename(`${file}.partial`, file);
  }
  return folder;
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
