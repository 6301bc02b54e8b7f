import { expect, test } from 'vitest';
import { parseCommandLine } from '../command-line.ts';
import { defaultImageSettings } from './image-settings.ts';

const images = (...more: string[]) =>
  parseCommandLine(['--data-dir', '/d', '--gateway', 'h:1', '--node-ip', '192.0.2.1', ...more], {})?.config.images;

test('what nobody says about images is what the kubelet does, but for five pulls at a time', () => {
  const { verification, ...rest } = defaultImageSettings;
  expect(images()).toMatchObject(rest);
  expect([images()?.verification.verifies('quay.io/a', false), images()?.verification.verifies('quay.io/a', true)]).toEqual([false, true]);
});

test('all of it can be said', () => {
  expect(
    images(
      ...['--max-parallel-image-pulls', '1', '--image-gc-high-threshold', '70', '--image-gc-low-threshold', '60'],
      ...['--minimum-image-ttl-duration', '1m', '--image-maximum-gc-age', '24h', '--node-status-max-images=-1'],
    ),
  ).toMatchObject({
    parallelPullsMax: 1,
    collection: { highPercent: 70, lowPercent: 60, minimumAgeMs: 60_000, maximumAgeMs: 86_400_000 },
    statusImagesMax: -1,
  });
});

test.each([
  ['--max-parallel-image-pulls=0', '--max-parallel-image-pulls: "0" is not a whole number from 1 to 1000'],
  ['--image-gc-high-threshold=101', '--image-gc-high-threshold: "101" is not a whole number from 0 to 100'],
  ['--image-gc-low-threshold=85', '--image-gc-low-threshold: 85 is not less than --image-gc-high-threshold, 85'],
  ['--image-maximum-gc-age=2m', '--image-maximum-gc-age: 2m is not longer than --minimum-image-ttl-duration, 2m0s'],
  ['--minimum-image-ttl-duration=soon', '--minimum-image-ttl-duration: "soon" is not a duration'],
  ['--node-status-max-images=-2', '--node-status-max-images: "-2" is not a whole number'],
  ['--image-pull-credentials-verification-policy=Never', '--image-pull-credentials-verification-policy: "Never" is not one of NeverVerify'],
  ['--preloaded-images-verification-allowlist=quay.io/a', 'images are listed for NeverVerifyAllowlistedImages only'],
])('%s is refused with its name', (option, message) => {
  expect(() => images(option)).toThrow(message);
});
