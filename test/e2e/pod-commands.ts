// What tests of single pods ask for again and again.
import { join } from 'node:path';
import type { ConfigMap, Pod, Secret } from '@berth/api';
import { provideImage } from '../../tools/cluster/images.ts';
import { root } from '../../tools/cluster/layout.ts';
import { get, kubectl } from './kubectl.ts';
import { lane } from './lane.ts';

/** An image that runs as root and has a shell, cat and tar by name. */
export function provideShellImage(): Promise<string> {
  const folder = join(root, 'test', 'e2e', 'images', 'shell');
  return provideImage(lane().layout, { repository: 'berth/shell', tag: '1.0', folder });
}

export const ready = (ns: string, name: string) => kubectl('-n', ns, 'wait', '--for=condition=Ready', `pod/${name}`, '--timeout=40s');
export const exec = (ns: string, name: string, ...command: string[]) => kubectl('-n', ns, 'exec', name, '--', '/bin/busybox', ...command);
export const podOf = (ns: string, name: string) => get<Pod>('-n', ns, 'pod', name);
export const logs = (ns: string, name: string, container: string) => kubectl('-n', ns, 'logs', name, '-c', container);
export const configMap = (namespace: string, name: string, data: Record<string, string>): ConfigMap => ({
  ...{ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace }, data },
});
export const secret = (namespace: string, name: string, stringData: Record<string, string>): Secret => ({
  ...{ apiVersion: 'v1', kind: 'Secret', metadata: { name, namespace }, stringData },
});
