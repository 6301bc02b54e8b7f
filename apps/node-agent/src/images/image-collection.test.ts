import type { ContainerInfo, ImageInfo } from '@berth/runtime';
import { silentLogger } from '@berth/telemetry';
import { SimulatedClock } from '@berth/telemetry/testing';
import { expect, test } from 'vitest';
import { podOf } from '../pods/testing.ts';
import { type CollectionSettings, ImageCollection } from './image-collection.ts';
import { defaultImageSettings } from './image-settings.ts';

const minuteMs = 60_000;

/** A disk of 1,000 bytes on which nothing but images is. */
function nodeOf(sizes: Record<string, number>, settings: Partial<CollectionSettings> = {}) {
  const clock = new SimulatedClock();
  const images = new Map<string, ImageInfo>();
  const add = (name: string, sizeBytes: number) => images.set(name, { id: name, repoTags: [`${name}:1`], repoDigests: [], sizeBytes });
  for (const [name, sizeBytes] of Object.entries(sizes)) add(name, sizeBytes);
  const state = { events: [] as string[], running: [] as string[], named: [] as string[], stuck: '', remaining: new Set<string>() };
  const collection = new ImageCollection({
    settings: { ...defaultImageSettings.collection, ...settings },
    runtime: {
      listImages: async () => [...images.values()],
      listContainers: async () => state.running.map((image) => ({ image, imageRef: image }) as ContainerInfo),
      removeImage: async (id) => {
        if (id === state.stuck) throw new Error('it is busy');
        images.delete(id);
      },
    },
    pods: () => state.named.map((name) => podOf(`${name}:1`)),
    keepsImage: (name) => name === 'pause',
    disk: async () => ({ capacity: 1000, available: 1000 - [...images.values()].reduce((sum, { sizeBytes }) => sum + sizeBytes, 0) }),
    remaining: async (ids) => {
      state.remaining = new Set(ids);
    },
    event: (reason, message) => state.events.push(`${reason}: ${message}`),
    clock,
    logger: silentLogger,
  });
  return Object.assign(state, { clock, add, collection, names: () => [...images.keys()] });
}

test('below the threshold nothing goes, above it what was used longest ago, until there is room', async () => {
  const node = nodeOf({ never: 100, first: 200, second: 200, used: 200, pause: 10 });
  node.running = ['first', 'used'];
  await node.collection.start();
  await node.clock.advance(6 * minuteMs);
  expect(node.names()).toHaveLength(5);
  node.running = ['second', 'used'];
  await node.clock.advance(5 * minuteMs);
  node.running = ['used'];
  node.add('new', 150);
  await node.clock.advance(5 * minuteMs);
  // 860 of 1,000: what was never used goes first, and that is enough to come below 800.
  expect(node.names()).toEqual(['first', 'second', 'used', 'pause', 'new']);
  expect(node.remaining).toEqual(new Set(['first', 'second', 'used', 'pause', 'new']));
  node.add('more', 140);
  await node.clock.advance(5 * minuteMs);
  // Again what nothing ever used.
  expect(node.names()).toEqual(['first', 'second', 'used', 'pause', 'more']);
  node.add('most', 120);
  node.running = ['used', 'more', 'most'];
  await node.clock.advance(5 * minuteMs);
  expect(node.names()).toEqual(['second', 'used', 'pause', 'more', 'most']);
  expect(node.events).toEqual([]);
  node.collection.stop();
});

test('images that pods name stay, and young ones; that there is not room enough is said, and again when it goes on', async () => {
  const node = nodeOf({ named: 500, running: 400 });
  Object.assign(node, { named: ['named'], running: ['running'] });
  await node.collection.start();
  await node.clock.advance(4 * minuteMs);
  node.add('young', 50);
  await node.clock.advance(2 * minuteMs);
  expect(node.names()).toEqual(['named', 'running', 'young']);
  const message = `Insufficient free disk space on the node's image filesystem (95% of 1000 B used). Failed to free sufficient space by deleting unused images (freed 0 bytes). Investigate disk usage, as it could be used by active images, logs, volumes, or other data.`;
  expect(node.events.at(-2)).toBe(`FreeDiskSpaceFailed: ${message}`);
  expect(node.events.at(-1)).toBe(`ImageGCFailed: ${message}`);
  await node.clock.advance(5 * minuteMs);
  expect(node.names()).toEqual(['named', 'running']);
  node.collection.stop();
});

test('an image that cannot be removed keeps no other', async () => {
  const node = nodeOf({ stuck: 500, other: 400 });
  node.stuck = 'stuck';
  await node.collection.start();
  await node.clock.advance(6 * minuteMs);
  expect(node.names()).toEqual(['stuck']);
  node.collection.stop();
});

test('with a greatest age, images go that nothing used for so long, however much room there is', async () => {
  const node = nodeOf({ idle: 1, used: 1 }, { maximumAgeMs: 60 * minuteMs });
  node.running = ['used'];
  await node.collection.start();
  await node.clock.advance(59 * minuteMs);
  expect(node.names()).toEqual(['idle', 'used']);
  await node.clock.advance(10 * minuteMs);
  expect(node.names()).toEqual(['used']);
  node.collection.stop();
});

test('the largest image is listed first, and new ones within half a minute', async () => {
  const node = nodeOf({ small: 1, large: 3 });
  await node.collection.start();
  expect(node.collection.images.map(({ id }) => id)).toEqual(['large', 'small']);
  node.add('middle', 2);
  await node.clock.advance(30_000);
  expect(node.collection.images.map(({ id }) => id)).toEqual(['large', 'middle', 'small']);
  node.collection.stop();
});
