// What annotations say of a request that was slow, and of one about a deprecated version.

import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger } from '@berth/telemetry';
import { SimulatedClock } from '@berth/telemetry/testing';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { AuditLog } from './audit-log.ts';
import { Auditor, type AuditRecord } from './auditor.ts';
import { AuditPolicy } from './policy.ts';

interface Told {
  stage: string;
  requestReceivedTimestamp: string;
  annotations?: Record<string, string>;
}

let directory: string;
let clock: SimulatedClock;
let log: AuditLog;
let auditor: Auditor;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'berth-auditor-'));
  clock = new SimulatedClock(Date.UTC(2026, 0, 1));
  log = await AuditLog.open({ file: join(directory, 'audit.log'), fileBytesMax: 1e6, backupsMax: 1, clock, logger: silentLogger });
  const policy = AuditPolicy.parse('p.yaml', 'apiVersion: audit.k8s.io/v1\nkind: Policy\nrules:\n- {level: Metadata}');
  auditor = new Auditor({ policy, log, clock });
});
afterEach(() => rm(directory, { recursive: true }));

/** The request came `lateMs` before it is begun. */
async function begin(lateMs = 0): Promise<AuditRecord> {
  const startMs = clock.monotonicMs();
  await clock.advance(lateMs);
  const asked = { request: new IncomingMessage(new Socket()), verb: 'get', path: undefined, impersonatedUser: undefined, startMs };
  const record = await auditor.begin({ ...asked, auditId: 'one', user: { name: 'ann', groups: [] } });
  if (!record) throw new Error('the policy wants nothing of it');
  return record;
}

async function told(): Promise<Told[]> {
  await log.close();
  const lines = (await readFile(join(directory, 'audit.log'), 'utf8')).trim().split('\n');
  return lines.map((line) => JSON.parse(line) as Told);
}

test('of a slow request it is told at its end where the time went', async () => {
  const record = await begin(40);
  record.spent('authentication', 40);
  record.spent('etcd', 200);
  await record.timed('etcd', () => clock.advance(300));
  await record.timed('authorization', async () => {});
  await record.started(200);
  await clock.advance(160.5);
  await record.ended(200);
  const [received, started, complete] = await told();
  expect(received?.annotations).toBeUndefined();
  expect(started?.annotations).toBeUndefined();
  expect(complete).toMatchObject({
    requestReceivedTimestamp: '2026-01-01T00:00:00.000000Z',
    annotations: {
      'apiserver.latency.k8s.io/authentication': '40ms',
      'apiserver.latency.k8s.io/etcd': '500ms',
      'apiserver.latency.k8s.io/total': '500.5ms',
    },
  });
  expect(Object.keys(complete?.annotations ?? {})).toHaveLength(3);
});

test('of a quick one it is not', async () => {
  const record = await begin();
  record.spent('etcd', 400);
  await clock.advance(500);
  await record.ended(200);
  expect((await told()).at(-1)?.annotations).toBeUndefined();
});

test.each([
  ['1.38', { 'k8s.io/deprecated': 'true', 'k8s.io/removed-release': '1.38' }],
  [undefined, { 'k8s.io/deprecated': 'true' }],
])('a deprecated version that goes in %s is told of at the end', async (removedRelease, expected) => {
  const record = await begin();
  record.deprecated(removedRelease);
  record.annotate('authorization.k8s.io/decision', 'allow');
  await record.ended(200);
  const events = await told();
  expect(events.map(({ annotations }) => annotations)).toEqual([undefined, { 'authorization.k8s.io/decision': 'allow', ...expected }]);
});

test('what was not let in used no version', async () => {
  const record = await begin();
  record.deprecated();
  record.annotate('authorization.k8s.io/decision', 'forbid');
  await record.ended(403);
  expect((await told()).at(-1)?.annotations).toEqual({ 'authorization.k8s.io/decision': 'forbid' });
});
