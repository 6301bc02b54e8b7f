// npm test: all set-up, then the checks, and unit, integration and end-to-end tests. Ends with a line `N passed, N failed`.
// npm test -- unit integration runs those alone; SEED=n replays one simulated run.

import { spawn } from 'node:child_process';
import { readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execPath } from 'node:process';
import { build } from './build.ts';
import { clusterPackages, type DebianPackage, installMissing } from './cluster/debian.ts';
import { kubectlPath } from './cluster/kubectl.ts';
import { root } from './cluster/layout.ts';

const suites = ['check', 'unit', 'integration', 'e2e'] as const;
type Suite = (typeof suites)[number];

const packagesOf: Record<Suite, DebianPackage[]> = {
  check: [],
  unit: [],
  integration: [...clusterPackages, 'etcd-server'],
  e2e: [...clusterPackages, 'etcd-server', 'chromium'],
};

const progressReporter = join(root, 'tools', 'progress-reporter.ts');

interface Outcome {
  passed: number;
  failed: number;
}

/** The fields of vitest's JSON report that are counted. */
interface VitestReport {
  numPassedTests: number;
  numFailedTests: number;
  testResults: { name: string; status: string; assertionResults: unknown[] }[];
}

function run(args: string[]): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(execPath, args, {
      cwd: root,
      stdio: 'inherit',
      env: { ...process.env, NO_COLOR: '1', NODE_OPTIONS: '--disable-warning=ExperimentalWarning' },
    });
    child.on('error', reject);
    child.on('close', (code) => resolve(code ?? 1));
  });
}

async function runCheck(): Promise<Outcome> {
  const code = await run([join(root, 'tools', 'check.ts')]);
  return code === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 };
}

async function runVitest(project: Suite): Promise<Outcome> {
  const report = join(tmpdir(), `berth-${project}-${process.pid}.json`);
  const reporters = [`--reporter=${progressReporter}`, '--reporter=minimal', '--reporter=json', `--outputFile.json=${report}`];
  try {
    const code = await run([join(root, 'node_modules', 'vitest', 'vitest.mjs'), 'run', '--project', project, ...reporters]);
    return outcomeOf(JSON.parse(await readFile(report, 'utf8')) as VitestReport, code);
  } finally {
    await rm(report, { force: true });
  }
}

/** A file that cannot be loaded holds no failed test, but is a failure; so is any other bad end. */
function outcomeOf(report: VitestReport, exitCode: number): Outcome {
  const broken = report.testResults.filter((file) => file.status === 'failed' && file.assertionResults.length === 0).length;
  const failed = report.numFailedTests + broken;
  return { passed: report.numPassedTests, failed: failed === 0 && exitCode !== 0 ? 1 : failed };
}

const chosen = process.argv.slice(2);
const unknown = chosen.find((name) => !suites.some((suite) => suite === name));
if (unknown !== undefined) {
  console.error(`berth: ${JSON.stringify(unknown)} is not one of ${suites.join(', ')}`);
  process.exit(2);
}
const wanted = suites.filter((suite) => chosen.length === 0 || chosen.includes(suite));
const total: Outcome = { passed: 0, failed: 0 };
installMissing([...new Set(wanted.flatMap((suite) => packagesOf[suite]))], (message) => console.log(`${message} …`));
if (wanted.some((suite) => suite === 'integration' || suite === 'e2e')) {
  await build();
  await kubectlPath();
}
for (const suite of wanted) {
  const startMs = performance.now();
  const { passed, failed } = suite === 'check' ? await runCheck() : await runVitest(suite);
  total.passed += passed;
  total.failed += failed;
  console.log(`${suite}: ${passed} passed, ${failed} failed in ${Math.round((performance.now() - startMs) / 1000)} s\n`);
}
console.log(`${total.passed} passed, ${total.failed} failed`);
process.exit(total.failed > 0 ? 1 : 0);
