// What no handler of a resource answers: documents that say what there is, errors in the form that was asked for, and pages that say that
// there is nothing. Values are those of kube-apiserver 1.35.4.
import { load } from 'js-yaml';
import { expect, test } from 'vitest';
import { startTestHttp } from './test-http.ts';

const objectTypes = 'application/json, application/yaml, application/vnd.kubernetes.protobuf';

test('what a path can be given as is asked by the router of most, and by the writer of the lists of groups', async () => {
  const ask = await startTestHttp();
  const message = async (path: string, accept: string) => (await ask('GET', path, { accept })).body;
  for (const path of ['/api', '/api/', '/api/v1', '/apis/apps/v1', '/apis/apps/v1/']) {
    for (const accept of ['text/plain', 'application/*', 'bogus', ',', 'text/*'])
      expect(await message(path, accept)).toMatchObject({
        reason: 'NotAcceptable',
        message: `406: Not Acceptable\n\nAvailable representations: ${objectTypes}`,
        details: {},
      });
    // The router reads no parameters; whoever writes the answer does.
    const table = await ask('GET', path, { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' });
    expect(table.body).toMatchObject({ code: 406, message: `only the following media types are accepted: ${objectTypes}` });
    expect(table.body).not.toHaveProperty('details');
  }
  for (const path of ['/apis', '/apis/', '/apis/apps', '/apis/apps/']) {
    expect(await message(path, 'text/plain')).toMatchObject({
      code: 406,
      message: `only the following media types are accepted: ${objectTypes}`,
    });
    expect((await ask('GET', path, { accept: 'application/*' })).code).toBe(200);
  }
  const only = (type: string) => ({ message: `406: Not Acceptable\n\nAvailable representations: ${type}` });
  expect(await message('/version', 'text/plain')).toMatchObject(only('application/json'));
  expect(await message('/.well-known/openid-configuration', 'text/plain')).toMatchObject(only('application/json'));
  expect(await message('/openid/v1/jwks', 'application/json')).toMatchObject(only('application/jwk-set+json'));
  expect((await ask('GET', '/version', { accept: 'application/json;as=Table' })).code).toBe(200);
});

test('errors come in the form that was asked for, and in JSON where there is none', async () => {
  const ask = await startTestHttp();
  const absent = '/api/v1/namespaces/default/configmaps/absent';
  const asYaml = await ask('GET', absent, { accept: 'application/yaml' });
  expect(asYaml).toMatchObject({ code: 404, headers: { 'content-type': 'application/yaml' } });
  expect(load(asYaml.text)).toMatchObject({ kind: 'Status', reason: 'NotFound', details: { name: 'absent', kind: 'configmaps' } });
  const asProtobuf = await ask('GET', absent, { accept: 'application/vnd.kubernetes.protobuf' });
  expect(asProtobuf).toMatchObject({ code: 404, headers: { 'content-type': 'application/vnd.kubernetes.protobuf' } });
  expect(asProtobuf.text.startsWith('k8s\0')).toBe(true);
  expect(await ask('GET', '/api/v1/bogus', { accept: 'text/html' })).toMatchObject({ code: 404, body: { kind: 'Status' } });
  // Its own error would be of no use to whoever cannot read any.
  expect(await ask('GET', absent, { accept: 'text/html' })).toMatchObject({ code: 406, body: { reason: 'NotAcceptable' } });
  expect(load((await ask('GET', '/version', { accept: 'application/yaml' })).text)).toMatchObject({ code: 406 });
});

test('where there is no API a page says so, and in an API a Status', async () => {
  const ask = await startTestHttp();
  for (const path of [
    '/bogus',
    '/apis/bogus',
    '/apis/bogus/v1',
    '/openid',
    '/swagger.json',
    '//api',
    '/API',
    '/healthz/bogus',
    '/healthz/',
    '/livez/ping/',
  ]) {
    const answer = await ask('GET', path);
    expect([path, answer.code, answer.text]).toEqual([path, 404, '404 page not found\n']);
    expect(answer.headers).toMatchObject({ 'content-type': 'text/plain; charset=utf-8', 'x-content-type-options': 'nosniff' });
  }
  const status = { code: 404, body: { kind: 'Status', reason: 'NotFound', details: {} } };
  for (const path of ['/api/v2', '/api/bogus', '/apis/apps/v9', '/version/x', '/api/v1/bogus', '/api/v1/pods/x/bogus/more'])
    expect(await ask('GET', path)).toMatchObject(status);
  expect((await ask('GET', '/index.html')).body).toEqual((await ask('GET', '/')).body);
});

test('a path with half an escape is read by nobody', async () => {
  const ask = await startTestHttp();
  for (const path of ['/%zz', '/api/v1/namespaces/default/configmaps/%', '/api/v1/pods/%C3%28']) {
    const answer = await ask('GET', path);
    expect([path, answer.code, answer.text]).toEqual([path, 400, '400 Bad Request']);
    expect(answer.headers).toMatchObject({ 'content-type': 'text/plain; charset=utf-8', connection: 'close' });
    expect(answer.headers).not.toHaveProperty('cache-control');
  }
});

test('slashes at the end of an API’s path mean nothing', async () => {
  const ask = await startTestHttp();
  for (const path of ['/api/v1/namespaces/default/configmaps/', '/api/v1/namespaces/default/configmaps//', '/api/v1/configmaps/%2F'])
    expect(await ask('GET', path)).toMatchObject({ code: 200, body: { kind: 'ConfigMapList' } });
  expect(await ask('GET', '/api/v1/namespaces/default/configmaps//x')).toMatchObject({ code: 404 });
});

test('what is served is asked before how, and no method stands for another', async () => {
  const ask = await startTestHttp();
  const path = '/api/v1/namespaces/default/configmaps';
  await ask('POST', path, { body: { metadata: { name: 'a' } } });
  for (const method of ['PROPFIND', 'OPTIONS', 'TRACE', 'HEAD', 'GET'])
    for (const rest of ['/a/scale', '/a/status', '/a/bogus']) expect([rest, (await ask(method, path + rest)).code]).toEqual([rest, 404]);
  for (const method of ['PROPFIND', 'OPTIONS', 'TRACE', 'HEAD'])
    for (const rest of ['', '/a']) expect([method, rest, (await ask(method, path + rest)).code]).toEqual([method, rest, 405]);
  // What means nothing warns of nothing, whatever may be given.
  const trace = await ask('TRACE', '/api/v1/endpoints', { accept: 'text/plain' });
  expect(trace.code).toBe(405);
  expect(trace.headers).not.toHaveProperty('warning');
  const pod = '/api/v1/namespaces/default/pods/a';
  for (const rest of ['/log', '/status', '/exec']) expect([rest, (await ask('HEAD', pod + rest)).code]).toEqual([rest, 405]);
  for (const method of ['TRACE', 'PROPFIND']) expect((await ask(method, `${pod}/proxy`)).code).toBe(405);
  expect(await ask('PUT', '/api/v1/nodes/absent/proxy/x?dryRun=All')).toMatchObject({
    code: 400,
    body: { message: 'dryRun is not supported' },
  });
  expect(await ask('POST', `${pod}/exec?dryRun=All`)).toMatchObject({ body: { message: 'dryRun is not supported' } });
});

test('a kind or version that is no text is told of as such, whatever says it', async () => {
  const ask = await startTestHttp();
  const path = '/api/v1/namespaces/default/configmaps';
  const number = 'json: cannot unmarshal number into Go struct field .apiVersion of type string';
  const prefix = "the object provided is unrecognized (must be of type ConfigMap): couldn't get version/kind; json parse error: ";
  const body = { kind: 'x', apiVersion: 10 };
  expect((await ask('POST', path, { body })).body).toMatchObject({ message: `${prefix}${number} (${JSON.stringify(body)})` });
  const nested = { apiVersion: 'a/b/c' };
  expect((await ask('POST', path, { body: nested })).body.message).toBe(
    `the object provided is unrecognized (must be of type ConfigMap): unexpected GroupVersion string: a/b/c (${JSON.stringify(nested)})`,
  );
  const yaml = await ask('POST', path, { body: 'kind: []\napiVersion: 010\n', type: 'application/yaml' });
  expect(yaml.body.message).toContain(number);
  await ask('POST', path, { body: { metadata: { name: 'a' } } });
  const patched = async (type: string, patch: unknown) =>
    (await ask('PATCH', `${path}/a`, { body: JSON.stringify(patch), type: `application/${type}` })).body as {
      code?: number;
      details: { causes: { message: string }[] };
    };
  const cause = async (type: string, patch: unknown) => (await patched(type, patch)).details.causes[0]?.message;
  expect(await cause('merge-patch+json', { kind: 7 })).toContain(
    "couldn't get version/kind; json parse error: json: cannot unmarshal number into Go struct field .kind of type string",
  );
  expect(await cause('merge-patch+json', { kind: 'Pod' })).toMatch(/: converting \(v1\.Pod\) to \(core\.ConfigMap\): unknown conversion$/);
  expect(await cause('merge-patch+json', { kind: 'Nope' })).toContain('no kind "Nope" is registered for version "v1"');
  expect(await cause('strategic-merge-patch+json', { kind: 7 })).toBe('Invalid value: "map[kind:7]": cannot convert int64 to string');
  expect(await cause('strategic-merge-patch+json', { kind: ['a'] })).toBe('Invalid value: "map[kind:[a]]": unrecognized type: string');
  expect(await patched('strategic-merge-patch+json', { kind: 'Pod' })).toMatchObject({ kind: 'ConfigMap' });
});

test('bodies that are empty, or begin with a mark of their byte order', async () => {
  const ask = await startTestHttp();
  const path = '/api/v1/namespaces/default/configmaps';
  const message = async (type: string, body: string) => (await ask('PUT', `${path}/a`, { type: `application/${type}`, body })).body.message;
  const unrecognized = 'the object provided is unrecognized (must be of type ConfigMap): ';
  expect(await message('yaml', '')).toBe('the name of the object (a based on URL) was undeterminable: name must be provided');
  expect(await message('vnd.kubernetes.protobuf', '')).toBe(`${unrecognized}empty data (<empty>)`);
  expect(await message('json', '\ufeff{}')).toBe(
    `${unrecognized}couldn't get version/kind; json parse error: invalid character 'ï' looking for beginning of value (efbbbf7b7d)`,
  );
});

test('what is wrong with an object is told before that there is one of its name', async () => {
  const ask = await startTestHttp();
  const path = '/api/v1/namespaces/default/configmaps';
  await ask('POST', path, { body: { metadata: { name: 'a' } } });
  expect(await ask('POST', path, { body: { metadata: { name: 'a', finalizers: ['a b'] } } })).toMatchObject({ code: 422 });
});

test('an object that is going away is said to be, where another one of its name is made', async () => {
  const ask = await startTestHttp();
  const path = '/api/v1/namespaces/default/configmaps';
  const body = { metadata: { name: 'a', finalizers: ['example.com/hold'] } };
  await ask('POST', path, { body });
  expect((await ask('POST', path, { body })).body.message).toBe('configmaps "a" already exists');
  await ask('DELETE', `${path}/a`);
  expect(await ask('POST', path, { body })).toMatchObject({
    code: 409,
    body: { reason: 'AlreadyExists', message: 'object is being deleted: configmaps "a" already exists' },
  });
});

test('a page of one namespace goes on from a name, and from tokens of former versions', async () => {
  const ask = await startTestHttp();
  const path = '/api/v1/namespaces/default/configmaps';
  for (const name of ['a', 'b', 'c']) await ask('POST', path, { body: { metadata: { name } } });
  const page = async (token: string) => {
    const { body } = await ask('GET', `${path}?limit=1&continue=${token}`);
    return body as { metadata: { continue?: string }; items: { metadata: { name: string } }[] };
  };
  const first = await page('');
  const token = JSON.parse(Buffer.from(first.metadata.continue ?? '', 'base64url').toString());
  expect(token.start).toBe('b');
  expect((await page(first.metadata.continue ?? '')).items[0]?.metadata.name).toBe('b');
  const former = Buffer.from(JSON.stringify({ ...token, start: 'default/b' })).toString('base64url');
  expect((await page(former)).items[0]?.metadata.name).toBe('b');
  const beyond = Buffer.from(JSON.stringify({ ...token, rv: -1, start: 'zzzz' })).toString('base64url');
  expect((await page(beyond)).items).toEqual([]);
});

test('a watch for lists of metadata ends with what would be its first event', async () => {
  const ask = await startTestHttp();
  const path = '/api/v1/namespaces/default/configmaps';
  await ask('POST', path, { body: { metadata: { name: 'a' } } });
  const accept = (as: string) => `application/json;as=${as};v=v1;g=meta.k8s.io`;
  expect(await ask('GET', `${path}?watch=true`, { accept: accept('PartialObjectMetadataList') })).toMatchObject({ code: 200, text: '' });
  const watched = await ask('GET', `${path}?watch=true&timeoutSeconds=1`, { accept: accept('PartialObjectMetadata') });
  expect(JSON.parse(watched.text)).toMatchObject({ type: 'ADDED', object: { kind: 'PartialObjectMetadata' } });
});

test('a document of OpenAPI is sent once, compressed, and by its hash for good', async () => {
  const ask = await startTestHttp();
  const index = JSON.parse((await ask('GET', '/openapi/v3')).text) as { paths: Record<string, { serverRelativeURL: string }> };
  const url = index.paths['apis/batch/v1']?.serverRelativeURL ?? '';
  const hash = url.split('hash=')[1] ?? '';
  expect(hash).toMatch(/^[0-9A-F]{64}$/);
  const whole = await ask('GET', url);
  expect(whole).toMatchObject({ code: 200, headers: { etag: `"${hash}"`, 'cache-control': 'public, immutable' } });
  expect(whole.body).toHaveProperty(['paths', '/apis/batch/v1/namespaces/{namespace}/jobs/{name}/status']);
  const gzipped = await ask('GET', '/openapi/v3/apis/batch/v1', { headers: { 'accept-encoding': 'gzip' } });
  expect(gzipped.headers).toMatchObject({ 'content-encoding': 'gzip', 'cache-control': 'no-cache, private' });
  expect(Number(gzipped.headers['content-length'])).toBeLessThan(whole.text.length / 5);
  const known = await ask('GET', '/openapi/v3/apis/batch/v1', { headers: { 'if-none-match': `"${hash}"` } });
  expect(known).toMatchObject({ code: 304, text: '' });
  expect(await ask('GET', '/openapi/v3/apis/batch/v1?hash=0')).toMatchObject({ code: 301, headers: { location: url } });
  for (const path of ['/openapi/v2', '/openapi/v3/api/v1'])
    expect(await ask('GET', path, { accept: 'text/plain' })).toMatchObject({ code: 406, text: '' });
  expect(await ask('GET', '/openapi/v3/apis/bogus')).toMatchObject({ code: 404, text: '' });
  const v2 = await ask('GET', '/openapi/v2', { accept: 'application/com.github.proto-openapi.spec.v2@v1.0+protobuf' });
  expect(v2.headers['content-type']).toBe('application/com.github.proto-openapi.spec.v2.v1.0+protobuf');
  expect(v2.text).toContain('listBatchV1JobForAllNamespaces');
});
