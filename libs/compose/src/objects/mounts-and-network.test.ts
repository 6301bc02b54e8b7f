import type { Deployment } from '@berth/api';
import { expect, test } from 'vitest';
import { firstOf, madeOf, web } from '../compose-sample.ts';

test('volumes: claims that start out with the image’s data, folders of the node, and what is new with each pod', () => {
  const made = madeOf(
    web(
      'volumes: [data:/data, "./html:/html:ro", ./app.conf:/etc/app.conf, /anonymous, {type: volume, source: cache, target: /cache, volume: {nocopy: true}}]',
    ).concat('\nvolumes: {data: , cache: {driver_opts: {size: 5g}}, unused: {}}'),
    { files: { 'app.conf': 'x', 'html/index.html': 'x' } },
  );
  expect(made.parts.filter(({ kind }) => kind === 'PersistentVolumeClaim')).toMatchObject([
    { metadata: { name: 'data', annotations: { 'berth.io/populate': 'image' } }, spec: { resources: { requests: { storage: '1Gi' } } } },
    { metadata: { name: 'cache' }, spec: { resources: { requests: { storage: '5Gi' } } } },
  ]);
  expect(made.parts.find(({ metadata }) => metadata.name === 'cache')?.metadata.annotations).toBeUndefined();
  const { template } = firstOf(made).spec;
  expect(template.metadata?.annotations).toEqual({ 'berth.io/populate': 'image' });
  expect(template.spec?.volumes).toEqual([
    { name: 'volume-0', persistentVolumeClaim: { claimName: 'data' } },
    { name: 'volume-1', hostPath: { path: '/home/ann/shop/html', type: 'DirectoryOrCreate' } },
    { name: 'volume-2', hostPath: { path: '/home/ann/shop/app.conf', type: '' } },
    { name: 'volume-3', emptyDir: {} },
    { name: 'volume-4', persistentVolumeClaim: { claimName: 'cache' } },
  ]);
  expect(template.spec?.containers[0]?.volumeMounts?.[1]).toEqual({ name: 'volume-1', mountPath: '/html', readOnly: true });
  expect(made.warnings).toContain('services.web.volumes: /home/ann/shop/html is a folder of whichever node the pod runs on');
});

test('how services are reached: by name and alias at every port, published at each node, or at a port that is free', () => {
  const made = madeOf(`
services:
  my_api:
    image: api
    ports: ["8080:80", "9000"]
    expose: ["7000-7001"]
    networks: { default: { aliases: [backend] } }
    labels: { traefik.http.rule: "Host(\`x\`)" }
  other: { image: api, container_name: box, networks: { default: { aliases: [backend] } }, links: ["my_api:upstream"] }`);
  const services = Object.fromEntries(
    made.parts
      .filter(({ kind }) => kind === 'Service')
      .map(({ metadata, spec }: { metadata: { name: string }; spec?: unknown }) => [metadata.name, spec]),
  );
  expect(Object.keys(services).sort()).toEqual(['backend', 'box', 'my-api', 'my-api-any-port', 'my-api-published', 'other', 'upstream']);
  const selector = { 'com.docker.compose.project': 'shop', 'com.docker.compose.service': 'my-api' };
  expect(services['my-api']).toMatchObject({ clusterIP: 'None', publishNotReadyAddresses: true, selector });
  expect((services['my-api'] as { ports: { port: number }[] }).ports.map(({ port }) => port)).toEqual([80, 9000, 7000, 7001]);
  expect(services['my-api-published']).toMatchObject({ type: 'LoadBalancer', ports: [{ name: 'tcp-8080', port: 8080, targetPort: 80 }] });
  expect(services['my-api-any-port']).toMatchObject({ type: 'NodePort', ports: [{ port: 9000 }] });
  expect(services.backend).toMatchObject({ selector: { 'alias.compose.berth.io/backend': 'true' } });
  const labels = made.workloads.map(({ workload: one }) => (one as Deployment).spec.template.metadata?.labels);
  expect(labels).toMatchObject([
    { 'alias.compose.berth.io/backend': 'true', 'alias.compose.berth.io/upstream': 'true' },
    { 'alias.compose.berth.io/backend': 'true' },
  ]);
  expect(firstOf(made).spec.template.metadata?.annotations).toEqual({ 'traefik.http.rule': 'Host(`x`)' });
  expect(made.warnings).toContain('services.my_api: others reach it as my-api, since names in DNS have no such letters');
});

test('configs and secrets: of files, variables and the file itself, mounted where Docker does, and pods anew when they change', () => {
  const text = `
services:
  web:
    image: nginx
    secrets: [password, {source: token, target: api_token, mode: 0400}]
    configs: [{source: site, target: /etc/nginx/site.conf}, given]
secrets: {password: {file: ./password.txt}, token: {environment: TOKEN}}
configs: {site: {content: "listen \${PORT:-80}"}, given: {external: true, name: outer}}`;
  const made = madeOf(text, { files: { 'password.txt': 'geheim' }, variables: { TOKEN: 'täg' } });
  const stored = made.parts.filter(({ kind }) => kind !== 'Service');
  expect(stored).toMatchObject([
    { kind: 'ConfigMap', metadata: { name: 'site' }, data: { content: 'listen 80' } },
    { kind: 'Secret', metadata: { name: 'password' }, data: { content: 'Z2VoZWlt' } },
    { kind: 'Secret', metadata: { name: 'token' }, data: { content: 'dMOkZw==' } },
  ]);
  const { template } = firstOf(made).spec;
  expect(template.spec?.containers[0]?.volumeMounts?.map(({ mountPath }) => mountPath)).toEqual([
    '/etc/nginx/site.conf',
    '/given',
    '/run/secrets/password',
    '/run/secrets/api_token',
  ]);
  expect(template.spec?.volumes?.[1]).toMatchObject({ configMap: { name: 'outer', items: [{ key: 'given' }] } });
  expect(template.spec?.volumes?.[3]).toMatchObject({ secret: { secretName: 'token', items: [{ mode: 0o400 }] } });
  const changed = madeOf(text, { files: { 'password.txt': 'other' }, variables: { TOKEN: 'täg' } });
  const annotations = (one: typeof made) => firstOf(one).spec.template.metadata?.annotations;
  expect(annotations(changed)).not.toEqual(annotations(made));
});
