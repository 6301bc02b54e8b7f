// All of them, in the order of the table.
import { clusterTroubles } from './cluster.ts';
import { containerTroubles } from './containers.ts';
import { extensionTroubles } from './extensions.ts';
import { placementTroubles } from './placement.ts';
import { refusalTroubles } from './refusals.ts';
import type { Trouble } from './trouble.ts';
import { workloadTroubles } from './workloads.ts';

export const troubles: Trouble[] = [
  ...containerTroubles,
  ...placementTroubles,
  ...refusalTroubles,
  ...workloadTroubles,
  ...extensionTroubles,
  ...clusterTroubles,
];
