export { ComposeError } from './compose-error.ts';
export { absolutePath, type ComposeFiles, directoryOf, type FileContent } from './compose-files.ts';
export { dnsName, projectLabel, serviceLabel } from './objects/names.ts';
export { type Awaited, type ProjectObjects, projectObjects, type ServiceObjects } from './objects/project-objects.ts';
export { type ServiceBuild, serviceBuilds } from './objects/service-builds.ts';
export { loadProject, type Project, type ProjectOptions, projectName } from './project/project.ts';
export type { Variables } from './source/interpolate.ts';
