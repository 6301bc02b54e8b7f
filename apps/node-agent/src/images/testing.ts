// Images of simulated nodes, for tests: every pod may use what is there, as far as the default policy says.
import type { ImageInfo } from '@berth/runtime';
import { type Clock, silentLogger } from '@berth/telemetry';
import { ImageAccess } from './image-access.ts';
import type { ImagePullsDeps } from './image-pulls.ts';
import { defaultImageSettings } from './image-settings.ts';
import { SimulatedPullRecords } from './pull-records.ts';

export function simulatedPulls(
  runtime: { listImages(): Promise<ImageInfo[]> },
  clock: Clock,
  records = new SimulatedPullRecords(),
): Omit<ImagePullsDeps, 'runtime' | 'clock'> {
  const { verification: policy, parallelPullsMax: parallelMax } = defaultImageSettings;
  const access = new ImageAccess({ records, policy, listImages: () => runtime.listImages(), clock, logger: silentLogger });
  return { access, nodeCredentials: async () => [], parallelMax };
}
