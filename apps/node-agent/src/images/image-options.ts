// The command line's options for images, as the kubelet's configuration names them.
import { UsageError } from '@berth/telemetry/command-line';
import { durationMs } from '../eviction/thresholds.ts';
import type { CollectionSettings } from './image-collection.ts';
import { defaultImageSettings, type ImageSettings } from './image-settings.ts';
import { defaultVerificationPolicy, verificationPolicies, verificationPolicy } from './verification-policy.ts';

export const imageOptions = {
  'max-parallel-image-pulls': { type: 'string', default: String(defaultImageSettings.parallelPullsMax) },
  'image-pull-credentials-verification-policy': { type: 'string', default: defaultVerificationPolicy },
  'preloaded-images-verification-allowlist': { type: 'string', default: '' },
  'image-gc-high-threshold': { type: 'string', default: String(defaultImageSettings.collection.highPercent) },
  'image-gc-low-threshold': { type: 'string', default: String(defaultImageSettings.collection.lowPercent) },
  'minimum-image-ttl-duration': { type: 'string', default: '2m0s' },
  'image-maximum-gc-age': { type: 'string', default: '0s' },
  'node-status-max-images': { type: 'string', default: String(defaultImageSettings.statusImagesMax) },
} as const;

export const imageUsage = `  --max-parallel-image-pulls N   images that are pulled at a time (default ${defaultImageSettings.parallelPullsMax})
  --image-pull-credentials-verification-policy POLICY  whether pods may use images that are there without credentials to pull them:
                              ${verificationPolicies.join(', ')};
                              default ${defaultVerificationPolicy}: those that no pod's secret pulled
  --preloaded-images-verification-allowlist NAME,... images of NeverVerifyAllowlistedImages: full names without tag, or REGISTRY/PATH/*
  --image-gc-high-threshold PERCENT  how full the disk may be before images go that nothing uses (default 85; 100: never)
  --image-gc-low-threshold PERCENT   until it is this full (default 80)
  --minimum-image-ttl-duration DURATION  how long an image stays at least (default 2m0s)
  --image-maximum-gc-age DURATION    how long one stays that nothing uses (default 0s: while there is room)
  --node-status-max-images N  images that the node's status lists (default ${defaultImageSettings.statusImagesMax}; -1: all)`;

type Values = Record<keyof typeof imageOptions, string>;

/** @throws UsageError */
export function parseImageOptions(values: Values): ImageSettings {
  const option = 'image-pull-credentials-verification-policy';
  const listed = values['preloaded-images-verification-allowlist'].split(',').filter((name) => name !== '');
  try {
    return {
      parallelPullsMax: wholeNumber(values, 'max-parallel-image-pulls', 1, 1000),
      verification: verificationPolicy(values[option], listed),
      collection: parseCollection(values),
      statusImagesMax: wholeNumber(values, 'node-status-max-images', -1, 10_000),
    };
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(`--${option}: ${(error as Error).message}`);
  }
}

function parseCollection(values: Values): CollectionSettings {
  const highPercent = wholeNumber(values, 'image-gc-high-threshold', 0, 100);
  const lowPercent = wholeNumber(values, 'image-gc-low-threshold', 0, 100);
  if (lowPercent >= highPercent)
    throw new UsageError(`--image-gc-low-threshold: ${lowPercent} is not less than --image-gc-high-threshold, ${highPercent}`);
  const minimumAgeMs = duration(values, 'minimum-image-ttl-duration');
  const maximumAgeMs = duration(values, 'image-maximum-gc-age');
  if (maximumAgeMs > 0 && maximumAgeMs <= minimumAgeMs)
    throw new UsageError(
      `--image-maximum-gc-age: ${values['image-maximum-gc-age']} is not longer than --minimum-image-ttl-duration, ${values['minimum-image-ttl-duration']}`,
    );
  return { highPercent, lowPercent, minimumAgeMs, maximumAgeMs };
}

function duration(values: Values, option: keyof Values): number {
  try {
    return durationMs(values[option]);
  } catch (error) {
    throw new UsageError(`--${option}: ${(error as Error).message}`);
  }
}

function wholeNumber(values: Values, option: keyof Values, min: number, max: number): number {
  const text = values[option];
  const number = Number(text);
  if (!/^-?\d{1,5}$/.test(text) || number < min || number > max)
    throw new UsageError(`--${option}: ${JSON.stringify(text)} is not a whole number from ${min} to ${max}`);
  return number;
}
