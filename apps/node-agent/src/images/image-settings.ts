// What is said of a node's images: how they are pulled, who may use those that are there, and when they go.
import type { CollectionSettings } from './image-collection.ts';
import { defaultVerificationPolicy, type VerificationPolicy, verificationPolicy } from './verification-policy.ts';

export interface ImageSettings {
  /** Pulls at a time. */
  parallelPullsMax: number;
  verification: VerificationPolicy;
  collection: CollectionSettings;
  /** Images that the node's status lists; -1: all of them. */
  statusImagesMax: number;
}

/** The kubelet's, which pulls one image at a time. */
export const defaultImageSettings: ImageSettings = {
  parallelPullsMax: 5,
  verification: verificationPolicy(defaultVerificationPolicy),
  collection: { highPercent: 85, lowPercent: 80, minimumAgeMs: 120_000, maximumAgeMs: 0 },
  statusImagesMax: 50,
};
