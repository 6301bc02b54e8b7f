// Configs and secrets: a ConfigMap or Secret each, of one key, and where services mount them.
import { ConfigMap, encodeBase64, Secret, type Volume, type VolumeMount } from '@berth/api';
import type { KubeObject } from '@berth/machinery';
import { ComposeError } from '../compose-error.ts';
import type { FileDefinition, FileUse, Service } from '../project/service.ts';
import type { Conversion } from './conversion.ts';

type Section = 'configs' | 'secrets';

/** The key of what the project makes; that of an external one is its name in the file. */
const madeKey = 'content';
const modeDefault = '0444';

interface Content {
  text?: string;
  base64: string;
}

/** Objects for what services use. @throws ComposeError */
export function storedFiles(conversion: Conversion): KubeObject[] {
  const { project } = conversion;
  return (['configs', 'secrets'] as const).flatMap((section) => {
    const used = new Set(
      Object.values(project.services).flatMap((service) => Object.values(service[section] ?? {}).map(({ source }) => source)),
    );
    return [...used].flatMap((name): KubeObject[] => {
      const definition = project[section][name];
      if (!definition || definition.external) return [];
      const metadata = conversion.metadata(objectName(section, name, definition, conversion));
      const content = contentOf(section, name, definition, conversion);
      if (section === 'secrets')
        return [{ apiVersion: 'v1', kind: Secret.kind, metadata, type: 'Opaque', data: { [madeKey]: content.base64 } } as KubeObject];
      const data = content.text === undefined ? { binaryData: { [madeKey]: content.base64 } } : { data: { [madeKey]: content.text } };
      return [{ apiVersion: 'v1', kind: ConfigMap.kind, metadata, ...data } as KubeObject];
    });
  });
}

export interface MountedFiles {
  volumes: Volume[];
  mounts: VolumeMount[];
  /** What pods are started anew for when it changes; empty without any. */
  contents: string;
}

export function mountedFiles(name: string, service: Service, conversion: Conversion): MountedFiles {
  const result: MountedFiles = { volumes: [], mounts: [], contents: '' };
  for (const section of ['configs', 'secrets'] as const) {
    for (const [index, use] of Object.values(service[section] ?? {}).entries()) {
      const definition = conversion.project[section][use.source];
      if (!definition) throw new ComposeError(`services.${name}.${section}: there is no ${use.source} under ${section}`);
      const volume = `${section.slice(0, -1)}-${index}`;
      const key = definition.external ? use.source : madeKey;
      result.volumes.push(volumeOf(volume, section, use, key, objectName(section, use.source, definition, conversion)));
      result.mounts.push({ name: volume, mountPath: placeOf(section, use), subPath: key, readOnly: true });
      if (!definition.external) result.contents += `${use.source}=${contentOf(section, use.source, definition, conversion).base64};`;
    }
  }
  return result;
}

function volumeOf(name: string, section: Section, { mode = modeDefault }: FileUse, key: string, object: string): Volume {
  const items = [{ key, path: key, mode: Number.parseInt(mode.replace('o', ''), 8) }];
  return section === 'configs' ? { name, configMap: { name: object, items } } : { name, secret: { secretName: object, items } };
}

function placeOf(section: Section, { source, target = source }: FileUse): string {
  if (target.startsWith('/')) return target;
  return section === 'secrets' ? `/run/secrets/${target}` : `/${target}`;
}

function objectName(section: Section, name: string, definition: FileDefinition, conversion: Conversion): string {
  if (definition.external) return definition.name ?? name;
  return conversion[section].of(definition.name ?? name);
}

export function contentOf(
  section: Section,
  name: string,
  { file, environment, content }: FileDefinition,
  { files, project }: Pick<Conversion, 'files' | 'project'>,
): Content {
  const path = `${section}.${name}`;
  if (file !== undefined) {
    const found = files.read(file);
    if (!found) throw new ComposeError(`${path}.file: there is no file ${file}`);
    return found;
  }
  const text = environment === undefined ? content : project.variables[environment];
  if (text !== undefined) return { text, base64: encodeBase64(text) };
  const problem = environment === undefined ? 'it has neither file, environment nor content' : `the variable ${environment} is not set`;
  throw new ComposeError(`${path}: ${problem}`);
}
