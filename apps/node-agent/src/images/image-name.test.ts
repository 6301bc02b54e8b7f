import { expect, test } from 'vitest';
import { imageReference } from './image-name.ts';

const hex = (characters: number) => 'a'.repeat(characters);

test('a tag is added where there is neither tag nor digest', () => {
  const names: [string, string][] = [
    ['nginx', 'nginx:latest'],
    ['nginx:1.27', 'nginx:1.27'],
    ['library/nginx', 'library/nginx:latest'],
    ['localhost:5055/e2e/busybox:1.37.0-1', 'localhost:5055/e2e/busybox:1.37.0-1'],
    ['localhost:5055/nginx', 'localhost:5055/nginx:latest'],
    ['registry.example/a/b-c__d.e', 'registry.example/a/b-c__d.e:latest'],
    ['Registry/app', 'Registry/app:latest'],
    ['[fd00::1]:5000/app:1', '[fd00::1]:5000/app:1'],
    [`app@sha256:${hex(64)}`, `app@sha256:${hex(64)}`],
    [`localhost/app:1@sha512:${hex(128)}`, `localhost/app:1@sha512:${hex(128)}`],
  ];
  for (const [image, reference] of names) expect(imageReference(image)).toBe(reference);
});

test('what is wrong with a name is said as Kubernetes does', () => {
  const faults: [string, string][] = [
    ['localhost:5055/Faults/Shell:1', 'invalid reference format: repository name (Faults/Shell) must be lowercase'],
    ['Shell', 'invalid reference format: repository name (library/Shell) must be lowercase'],
    ['docker.io/Shell', 'invalid reference format: repository name (library/Shell) must be lowercase'],
    ['NOT AN IMAGE', 'invalid reference format: repository name (library/NOT AN IMAGE) must be lowercase'],
    ['not an image', 'invalid reference format'],
    ['app:', 'invalid reference format'],
    ['app::1', 'invalid reference format'],
    ['/app', 'invalid reference format'],
    ['app/', 'invalid reference format'],
    ['a..b', 'invalid reference format'],
    [`app:${'t'.repeat(129)}`, 'invalid reference format'],
    ['app@sha256:abc', 'invalid reference format'],
    [`app@sha256:${hex(40)}`, 'invalid checksum digest length'],
    [`app@sha256:${'A'.repeat(64)}`, 'invalid checksum digest format'],
    [`app@md5:${hex(32)}`, 'unsupported digest algorithm'],
    [hex(64), `invalid repository name (${hex(64)}), cannot specify 64-byte hexadecimal strings`],
    [`localhost/${hex(256)}`, 'repository name must not be more than 255 characters'],
  ];
  for (const [image, fault] of faults) expect(() => imageReference(image), image).toThrow(`couldn't parse image name "${image}": ${fault}`);
});
