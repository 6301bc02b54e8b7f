// What Berth publishes about its resources is what kube-apiserver 1.35.4 does, document by document, less words. Where this fails,
// `npm run differential -- --of openapi` says in what they differ; with UPDATE_GOLDENS=1 it writes what is expected here anew.
import { expect, test } from 'vitest';
import { startTestHttp } from '../libs/apiserver/src/http/test-http.ts';
import expected from '../test/differential/openapi-digests.json' with { type: 'json' };
import { digestOf } from '../test/differential/openapi-shape.ts';

test('documents of OpenAPI say what Kubernetes’ say', async () => {
  const ask = await startTestHttp();
  const versions = new Set(expected.versions);
  const digests: Record<string, string> = {};
  for (const path of Object.keys(expected.documents)) digests[path] = digestOf((await ask('GET', path)).body, versions);
  expect(digests).toEqual(expected.documents);
});
