// The images of one node: who may use which, which go, and which its status lists.
import type { Pod } from '@berth/api';
import type { ImageInfo, Runtime } from '@berth/runtime';
import type { Clock, Logger } from '@berth/telemetry';
import type { NodeMeasurements } from '../eviction/node-measurements.ts';
import { ImageAccess } from './image-access.ts';
import { ImageCollection } from './image-collection.ts';
import type { ImagePullsDeps } from './image-pulls.ts';
import type { ImageSettings } from './image-settings.ts';
import type { PullCredential } from './keyring.ts';
import type { PullRecords } from './pull-records.ts';

export interface NodeImagesDeps {
  settings: ImageSettings;
  runtime: Runtime;
  measurements: Pick<NodeMeasurements, 'observe'>;
  pullRecords: PullRecords;
  /** That the node has for an image, whichever pod asks. */
  nodeCredentials: (image: string) => Promise<PullCredential[]>;
  pods(): Pod[];
  /** About the node. */
  event(reason: string, message: string): void;
  clock: Clock;
  logger: Logger;
}

export class NodeImages {
  readonly #settings: ImageSettings;
  readonly #collection: ImageCollection;
  /** What pulling for pods needs. */
  readonly pulls: Omit<ImagePullsDeps, 'runtime' | 'clock'>;

  constructor(deps: NodeImagesDeps) {
    const { settings, runtime, measurements, pullRecords, nodeCredentials, clock, logger } = deps;
    const listImages = () => runtime.listImages();
    const access = new ImageAccess({ ...{ clock, logger, listImages }, records: pullRecords, policy: settings.verification });
    this.#settings = settings;
    this.pulls = { access, nodeCredentials, parallelMax: settings.parallelPullsMax };
    this.#collection = new ImageCollection({
      ...{ clock, logger, runtime, keepsImage, settings: settings.collection },
      pods: () => deps.pods(),
      event: (reason, message) => deps.event(reason, message),
      disk: async () => (await measurements.observe())['imagefs.available'],
      remaining: (ids, atMs) => access.prune(ids, atMs),
    });
  }

  /** The largest first. */
  get listed(): readonly ImageInfo[] {
    const { images } = this.#collection;
    return this.#settings.statusImagesMax < 0 ? images : images.slice(0, this.#settings.statusImagesMax);
  }

  start(): Promise<void> {
    return this.#collection.start();
  }

  stop(): void {
    this.#collection.stop();
  }
}

/** Images that stay whoever uses them: what sandboxes are made of, ours and those that others run containerd with. */
export function keepsImage(name: string): boolean {
  return /(^|\/)pause[:@]/.test(name);
}
