// @berth/sdk as others get it: packed, installed where nothing else of the workspace is, with the example's controller and webhooks
// compiled against it and run as a process of their own beside a real API server.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { selfSigned } from '@berth/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { packSdk } from '../../tools/sdk.ts';
import { KubectlCluster } from './kubectl-cluster.ts';

const root = join(import.meta.dirname, '..', '..');
const example = join(root, 'examples', 'website');
const folder = mkdtempSync(join(tmpdir(), 'berth-sdk-user-'));
const sdk = join(folder, 'node_modules', '@berth', 'sdk');
const tsc = join(root, 'node_modules', 'typescript-native', 'bin', 'tsc');
let cluster: KubectlCluster;
let program: ChildProcess | undefined;

beforeAll(async () => {
  const [tarball, started] = await Promise.all([packSdk(folder), KubectlCluster.start(['api', 'controllers'])]);
  cluster = started;
  mkdirSync(sdk, { recursive: true });
  execFileSync('tar', ['-xzf', tarball, '-C', sdk, '--strip-components=1']);
  for (const file of ['crd.yaml', 'controller.ts', 'admission.ts', 'main.ts']) cpSync(join(example, file), join(folder, file));
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
  writeFileSync(join(folder, 'types.ts'), node(join(sdk, 'cli.js'), 'types', 'crd.yaml'));
});
afterAll(async () => {
  program?.kill('SIGKILL');
  await cluster?.stop();
  rmSync(folder, { recursive: true, force: true });
});

const node = (...args: string[]) => execFileSync(process.execPath, args, { cwd: folder, encoding: 'utf8' });
const kubectl = (line: string, input = '') => cluster.run(line.split(' '), { input });

test('what it packs needs nothing else, and its types hold in strict code', () => {
  const { dependencies, bin } = JSON.parse(readFileSync(join(sdk, 'package.json'), 'utf8'));
  expect([dependencies, bin]).toEqual([undefined, { 'berth-sdk': './cli.js' }]);
  writeFileSync(
    join(folder, 'wrong.ts'),
    `import { Website } from './types.ts';\nexport const website: Website = { apiVersion: '', kind: '', metadata: { name: 'a' }, spec: { image: 1 } };\n`,
  );
  const compilerOptions = {
    ...{ strict: true, noEmit: true, skipLibCheck: false, module: 'nodenext', target: 'ES2024', lib: ['ES2024', 'ESNext.Disposable'] },
    ...{
      allowImportingTsExtensions: true,
      exactOptionalPropertyTypes: false,
      types: ['node'],
      typeRoots: [join(root, 'node_modules', '@types')],
    },
  };
  const compiled = (files: string[]) => {
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files }));
    try {
      return node(tsc, '-p', '.');
    } catch (error) {
      return (error as { stdout: string }).stdout;
    }
  };
  expect(compiled(['controller.ts', 'admission.ts', 'wrong.ts'])).toMatch(/^wrong\.ts\(2,\d+\): error TS2322: [^\n]*\n$/);
});

async function startProgram(): Promise<number> {
  const { certificate, key } = await selfSigned(['localhost']);
  writeFileSync(join(folder, 'tls.crt'), certificate);
  writeFileSync(join(folder, 'tls.key'), key);
  const env = { PATH: process.env.PATH, KUBECONFIG: cluster.controlPlane.kubeconfigPath, CERTIFICATES: folder, PORT: '0' };
  program = spawn(process.execPath, ['main.ts'], { cwd: folder, env, stdio: ['ignore', 'pipe', 'inherit'] });
  let port = 0;
  for await (const line of createInterface({ input: program.stdout as NodeJS.ReadableStream })) {
    port ||= Number(/port (\d+)/.exec(line)?.[1] ?? 0);
    if (line === 'websites are watched') return port;
  }
  throw new Error('the program ended before it watched anything');
}

function webhook(kind: string, path: string, port: number): object {
  const rules = [{ apiGroups: ['example.berth.dev'], apiVersions: ['v1'], operations: ['CREATE'], resources: ['websites'] }];
  const clientConfig = { url: `https://localhost:${port}${path}`, caBundle: readFileSync(join(folder, 'tls.crt')).toString('base64') };
  return {
    ...{ apiVersion: 'admissionregistration.k8s.io/v1', kind, metadata: { name: 'websites' } },
    webhooks: [{ name: 'websites.berth.example', rules, clientConfig, sideEffects: 'None', admissionReviewVersions: ['v1'] }],
  };
}

test('its controller and webhooks work against an API server', async () => {
  expect((await kubectl('apply -f -', readFileSync(join(example, 'crd.yaml'), 'utf8'))).code).toBe(0);
  await kubectl('wait --for=condition=Established crd/websites.example.berth.dev --timeout=10s');
  const port = await startProgram();
  for (const [kind, path] of [
    ['MutatingWebhookConfiguration', '/default'],
    ['ValidatingWebhookConfiguration', '/validate'],
  ] as const) {
    expect((await kubectl('apply -f -', JSON.stringify(webhook(kind, path, port)))).stderr).toBe('');
  }
  const website = (spec: object) =>
    JSON.stringify({ apiVersion: 'example.berth.dev/v1', kind: 'Website', metadata: { name: 'front' }, spec });
  const refused = await kubectl('apply -f -', website({ image: 'web', nightly: { from: 1, until: 1 } }));
  expect(refused.stderr).toContain(
    'admission webhook "websites.berth.example" denied the request: spec.nightly: from and until are the same hour',
  );
  const made = await kubectl('apply -f -', website({ image: 'web', replicas: 2 }));
  expect(made.stdout).toContain('website.example.berth.dev/front created');
  expect(made.stderr).toContain('spec.image: latest is another image tomorrow');
  await kubectl('wait --for=jsonpath={.status.replicas}=2 website/front --timeout=15s');
  const { stdout } = await kubectl(
    'get deployment,service,website front -o jsonpath={.items[*].kind}{.items[0].spec.template.spec.containers[0].image}',
  );
  expect(stdout).toBe('Deployment Service Websiteweb:latest');
  await kubectl('delete website front');
  expect((await kubectl('wait --for=delete deployment/front --timeout=15s')).code).toBe(0);
  const ended = new Promise((resolve) => program?.once('exit', resolve));
  program?.kill('SIGTERM');
  expect(await ended).toBe(0);
});
