// What of a project has to be built, in the one form in which it is asked for.
import { ComposeError } from '../compose-error.ts';
import { absolutePath, type ComposeFiles } from '../compose-files.ts';
import type { Project } from '../project/project.ts';
import type { Build } from '../project/service.ts';
import { dnsName } from './names.ts';
import { contentOf } from './stored-files.ts';

export interface ServiceBuild {
  /** As the file calls it. */
  service: string;
  /** Of the image: as the file calls it, else the service's. */
  name: string;
  /** Also where the image is there already. */
  isAlways: boolean;
  /** Absolute. */
  context: string;
  /** Absolute; absent: Dockerfile of the context. */
  dockerfile: string | undefined;
  /** `NAME=VALUE`, as the next. */
  buildArguments: string[];
  labels: string[];
  target: string | undefined;
  isUncached: boolean;
  secrets: { id: string; base64: string }[];
}

/** @throws ComposeError */
export function serviceBuilds(project: Project, files: ComposeFiles): ServiceBuild[] {
  return Object.entries(project.services).flatMap(([service, { build, image, pull_policy: policy }]) => {
    if (!build) return [];
    return [
      { ...asked(service, build, project, files), name: image ?? dnsName(service, `services.${service}`), isAlways: policy === 'build' },
    ];
  });
}

function asked(service: string, build: Build, project: Project, files: ComposeFiles): Omit<ServiceBuild, 'name' | 'isAlways'> {
  const { context = project.directory, dockerfile, target, no_cache: isUncached = false, args = {}, labels = {}, secrets = {} } = build;
  // As in Docker, an argument without a value is the variable's, and left to the Dockerfile where there is none.
  const given = Object.entries(args).flatMap(([key, value]): [string, string][] => {
    const own = value ?? project.variables[key];
    return own === undefined ? [] : [[key, own]];
  });
  return {
    ...{ service, context, target, isUncached },
    dockerfile: dockerfile === undefined ? undefined : absolutePath(dockerfile, context, undefined),
    buildArguments: given.map(([key, value]) => `${key}=${value}`),
    labels: Object.entries(labels).map(([key, value]) => `${key}=${value ?? ''}`),
    secrets: Object.values(secrets).map(({ source, target: id = source }) => {
      const definition = project.secrets[source];
      if (!definition) throw new ComposeError(`services.${service}.build.secrets: there is no ${source} under secrets`);
      if (definition.external)
        throw new ComposeError(`secrets.${source}: it is external, which a build cannot read: name a file or a variable`);
      return { id, base64: contentOf('secrets', source, definition, { files, project }).base64 };
    }),
  };
}
