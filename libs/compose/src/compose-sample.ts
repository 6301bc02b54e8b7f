// For the tests beside this file: files in memory, and what is made of them.
import { type Deployment, kinds } from '@berth/api';
import type { KubeObject } from '@berth/machinery';
import type { ComposeFiles } from './compose-files.ts';
import { type ProjectObjects, projectObjects } from './objects/project-objects.ts';
import { loadProject, type Project, type ProjectOptions } from './project/project.ts';

export const folder = '/home/ann/shop';

/** @param contents by path; a relative one is below `folder` */
export function memoryFiles(contents: Record<string, string>): ComposeFiles {
  const all = new Map(Object.entries(contents).map(([path, text]) => [path.startsWith('/') ? path : `${folder}/${path}`, text]));
  return {
    read: (path) => {
      const text = all.get(path);
      return text === undefined ? undefined : { text, base64: btoa(text) };
    },
    kindOf: (path) => {
      if (all.has(path)) return 'file';
      return [...all.keys()].some((other) => other.startsWith(`${path}/`)) ? 'directory' : undefined;
    },
  };
}

type More = Partial<Omit<ProjectOptions, 'files'>> & { files?: Record<string, string>; also?: string[] };

export function projectOf(text: string, { files = {}, also = [], variables = {}, ...more }: More = {}): Project {
  const paths = ['compose.yaml', ...also].map((name) => `${folder}/${name}`);
  return loadProject({ files: paths, variables, ...more }, memoryFiles({ 'compose.yaml': text, ...files }));
}

export function madeOf(text: string, more: More = {}): ProjectObjects {
  return projectObjects(projectOf(text, more), memoryFiles({ 'compose.yaml': text, ...more.files }));
}

/** A file of one service with these keys. */
export const web = (keys: string) => `services:\n  web:\n    image: nginx\n${keys.replace(/^/gm, '    ')}`;

/** Of the service that starts first. */
export const firstOf = ({ workloads }: ProjectObjects) => workloads[0]?.workload as Deployment;

/** The namespace first. */
export function everyObject({ namespace, parts, workloads }: ProjectObjects): KubeObject[] {
  return [namespace, ...parts, ...workloads.map(({ workload }) => workload)];
}

/** What the API would find wrong with it, as `Kind name: field: message`. */
export function invalidities(object: KubeObject): string[] {
  const kind = kinds.find(
    (one) => one.kind === object.kind && (one.group ? `${one.group}/${one.version}` : one.version) === object.apiVersion,
  );
  if (!kind) return [`${object.kind}: no such kind`];
  // The server gives it one before it looks at the object.
  const copy = JSON.parse(JSON.stringify(object)) as KubeObject;
  copy.metadata.uid = '5d6a5ff2-3a6c-4b7c-9f57-0c6b4c6a5c10';
  kind.defaults(copy);
  kind.strategy.prepareForCreate?.(copy, '2020-01-01T00:00:00Z');
  return kind.validate(copy).map(({ field, detail }) => `${object.kind} ${object.metadata.name}: ${field}: ${detail}`);
}
