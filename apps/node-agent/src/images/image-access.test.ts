import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger, systemClock } from '@berth/telemetry';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ImageAccess } from './image-access.ts';
import type { PullCredential } from './keyring.ts';
import { FilePullRecords } from './pull-records.ts';
import { verificationPolicy } from './verification-policy.ts';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'berth-pulls-'));
});

afterEach(() => rm(folder, { recursive: true, force: true }));

const imageInfo = (id: string, ...repoTags: string[]) => ({ id, repoTags, repoDigests: [], sizeBytes: 1 });

/** As another start of the agent has it, over the same folder. */
function access(policy = verificationPolicy('NeverVerifyPreloadedImages'), present = [imageInfo('sha256:1', 'docker.io/library/web:1')]) {
  const records = new FilePullRecords(folder);
  return new ImageAccess({ records, policy, listImages: async () => present, clock: systemClock, logger: silentLogger });
}

function held(name: string, hash: string): PullCredential {
  return { auth: { username: name, password: 'hidden' }, hash, secret: { namespace: 'n', name, uid: `uid-${name}` } };
}

async function pulled(credential?: PullCredential): Promise<ImageAccess> {
  const node = access();
  await node.begun('web:1');
  await node.pulled('web:1', 'sha256:1', credential);
  return node;
}

test('who pulled an image outlives the agent, and no credentials are on the disk', async () => {
  await pulled(held('team', 'h1'));
  const later = access();
  expect(await later.mayUse('web:1', 'sha256:1', [])).toBe(false);
  expect(await later.mayUse('web:1', 'sha256:1', [held('other', 'h2')])).toBe(false);
  expect(await later.mayUse('web:1', 'sha256:1', [held('team', 'h1')])).toBe(true);
  const files = await readdir(folder, { recursive: true, withFileTypes: true });
  const texts = await Promise.all(files.filter((file) => file.isFile()).map((file) => readFile(join(file.parentPath, file.name), 'utf8')));
  expect(texts).toHaveLength(1);
  expect(JSON.parse(texts[0] ?? '')).toMatchObject({
    kind: 'ImagePulledRecord',
    imageRef: 'sha256:1',
    credentialMapping: {
      'docker.io/library/web': { kubernetesSecrets: [{ namespace: 'n', name: 'team', uid: 'uid-team', credentialHash: 'h1' }] },
    },
  });
  expect(texts.join()).not.toContain('hidden');
});

test('equal credentials in another secret count, and go on counting once the first one has others', async () => {
  const node = await pulled(held('team', 'h1'));
  expect(await node.mayUse('web:1', 'sha256:1', [held('copy', 'h1')])).toBe(true);
  // The secret that pulled it may change what it holds.
  expect(await node.mayUse('web:1', 'sha256:1', [held('team', 'h2')])).toBe(true);
  expect(await access().mayUse('web:1', 'sha256:1', [held('copy', 'h1')])).toBe(true);
  expect(await access().mayUse('web:1', 'sha256:1', [held('third', 'h2')])).toBe(true);
});

test('an image under another name is not the one that was pulled', async () => {
  const node = await pulled(held('team', 'h1'));
  expect(await node.mayUse('registry.local/web:1', 'sha256:1', [held('team', 'h1')])).toBe(false);
});

test('what somebody could pull without credentials is for everyone', async () => {
  await pulled(held('team', 'h1'));
  const node = await pulled();
  expect(await node.mayUse('web:1', 'sha256:1', [])).toBe(true);
  await pulled(held('team', 'h1'));
  expect(await access().mayUse('web:1', 'sha256:1', [])).toBe(true);
});

test('a pull whose end nobody saw makes the image one that has to be pulled again', async () => {
  await access().begun('web:1');
  const later = access();
  expect(await later.mayUse('web:1', 'sha256:1', [held('team', 'h1')])).toBe(false);
  expect(await readdir(join(folder, 'pulling'))).toEqual([]);
  expect(await access().mayUse('web:1', 'sha256:1', [held('team', 'h1')])).toBe(false);
});

test('a pull that failed leaves nothing behind, while another of the same image goes on', async () => {
  const node = access();
  await node.begun('web:1');
  await node.begun('web:1');
  await node.ended('web:1');
  expect(await readdir(join(folder, 'pulling'))).toHaveLength(1);
  await node.ended('web:1');
  expect(await readdir(join(folder, 'pulling'))).toEqual([]);
  expect(await node.mayUse('web:1', 'sha256:1', [])).toBe(true);
});

test('a record that cannot be read gives its image to nobody, until it is pulled again', async () => {
  const node = await pulled();
  const [name = ''] = await readdir(join(folder, 'pulled'));
  await writeFile(join(folder, 'pulled', name), '{');
  expect(await node.mayUse('web:1', 'sha256:1', [])).toBe(false);
  expect(await (await pulled()).mayUse('web:1', 'sha256:1', [])).toBe(true);
});

test('records go with their images, but not those of pulls that have just ended', async () => {
  const node = await pulled(held('team', 'h1'));
  await node.prune(new Set(['sha256:1']), Date.now() + 1000);
  await node.prune(new Set(), Date.now() - 60_000);
  expect(await node.mayUse('web:1', 'sha256:1', [])).toBe(false);
  await node.prune(new Set(), Date.now() + 1000);
  expect(await node.mayUse('web:1', 'sha256:1', [])).toBe(true);
});

test.each([
  ['NeverVerify', [], true, true],
  ['NeverVerifyPreloadedImages', [], true, false],
  ['NeverVerifyAllowlistedImages', ['docker.io/library/web'], true, true],
  ['NeverVerifyAllowlistedImages', ['docker.io/library/*'], true, true],
  ['NeverVerifyAllowlistedImages', ['quay.io/*'], false, false],
  ['AlwaysVerify', [], false, false],
])('%s %j gives an image that was brought by hand: %s, one that a secret pulled: %s', async (name, listed, byHand, pulledOne) => {
  const policy = verificationPolicy(name, listed);
  expect(await access(policy).mayUse('web:1', 'sha256:1', [])).toBe(byHand);
  await pulled(held('team', 'h1'));
  expect(await access(policy).mayUse('web:1', 'sha256:1', [])).toBe(pulledOne);
});

test.each(['web', 'quay.io/app:1', 'quay.io/*/app', '*', '/*', ' quay.io/app'])('%j is listed in no policy', (pattern) => {
  expect(() => verificationPolicy('NeverVerifyAllowlistedImages', [pattern])).toThrow('is not the full name of an image without tag');
  expect(() => verificationPolicy('NeverVerify', [pattern])).toThrow('images are listed for NeverVerifyAllowlistedImages only');
});
