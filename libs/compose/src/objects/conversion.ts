// What the parts of a conversion share: the project, names, and where warnings go.
import type { ObjectMeta } from '@berth/machinery';
import type { ComposeFiles } from '../compose-files.ts';
import type { Project } from '../project/project.ts';
import { Names, projectLabel, serviceLabel } from './names.ts';

export class Conversion {
  readonly project: Project;
  readonly files: ComposeFiles;
  /** By service, of those that were built. */
  readonly images: ReadonlyMap<string, string>;
  readonly services: Names;
  readonly volumes: Names;
  readonly configs: Names;
  readonly secrets: Names;
  readonly #warnings: Set<string>;

  constructor(project: Project, files: ComposeFiles, images: ReadonlyMap<string, string> = new Map()) {
    this.project = project;
    this.files = files;
    this.images = images;
    this.#warnings = new Set(project.warnings);
    const warn = (message: string) => this.warn(message);
    this.services = new Names('services', warn);
    this.volumes = new Names('volumes', warn);
    this.configs = new Names('configs', warn);
    this.secrets = new Names('secrets', warn);
  }

  get warnings(): string[] {
    return [...this.#warnings];
  }

  warn(message: string): void {
    this.#warnings.add(message);
  }

  /** @param service as the file calls it; absent for what belongs to all of them */
  metadata(name: string, service?: string): ObjectMeta & { labels: Record<string, string> } {
    return { name, namespace: this.project.name, labels: this.labels(service) };
  }

  labels(service?: string): Record<string, string> {
    return { [projectLabel]: this.project.name, ...(service !== undefined && { [serviceLabel]: this.services.of(service) }) };
  }
}
