import type { ContainerInfo, ImageInfo } from '@berth/runtime';
import { expect, test } from 'vitest';
import { podOf } from '../pods/testing.ts';
import { unusedImages } from './unused-images.ts';

const image = (name: string, ...tags: string[]): ImageInfo => ({ id: `sha256:${name}`, repoTags: tags, repoDigests: [], sizeBytes: 1 });
const container = (imageRef: string) => ({ image: '', imageRef }) as ContainerInfo;

test('unused are images of no container and no pod, however they are written', () => {
  const images = [
    image('running', 'a:1'),
    image('short', 'docker.io/library/nginx:latest'),
    image('tagged', 'docker.io/team/app:2'),
    image('local', 'localhost:5055/web:1'),
    image('volume', 'localhost:5055/data:1'),
    image('pause', 'berth.local/pause:1'),
    image('old', 'docker.io/library/nginx:1.0'),
    image('bare'),
  ];
  const volumes = [{ name: 'data', image: { reference: 'localhost:5055/data:1' } }];
  const pods = ['nginx', 'team/app:2', 'localhost:5055/web:1'].map((name) => podOf(name, { volumes }));
  const unused = unusedImages(images, [container('sha256:running')], pods, (name) => name.includes('/pause:'));
  expect(unused.map(({ id }) => id)).toEqual(['sha256:old', 'sha256:bare']);
});
