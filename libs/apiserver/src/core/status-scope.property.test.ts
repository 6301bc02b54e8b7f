// The line between what is asked for and what is observed, for every kind that has a status: whatever a write to /status
// carries, nothing but the status and metadata changes; whatever a write to the object carries, the status does not. fast-check prints
// the seed of a failure.
import { kinds } from '@berth/api';
import { arbitraryObject, sampleOf } from '@berth/api/testing';
import { type KindDefinition, type KubeObject, StatusError } from '@berth/machinery';
import { systemClock } from '@berth/telemetry';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { ApiServer } from './api-server.ts';
import { admin, startTestServer } from './test-server.ts';
import type { Call } from './types.ts';

type Shaped = KubeObject & { spec?: unknown; status?: unknown };
const ways = ['put', 'merge', 'strategic', 'json', 'apply'] as const;
type Way = (typeof ways)[number];

class Subject {
  readonly #server: ApiServer;
  readonly #call: Call;

  constructor(server: ApiServer, kind: KindDefinition, { name, namespace }: KubeObject['metadata']) {
    this.#server = server;
    this.#call = { user: admin, kind, name, ...(kind.namespaced && { namespace }) };
  }

  async read(): Promise<Shaped> {
    return structuredClone((await this.#server.get(this.#call)).object);
  }

  /** Whether the write was accepted. */
  async write(way: Way, subresource: 'status' | undefined, given: Shaped): Promise<boolean> {
    const call = { ...this.#call, subresource };
    const { apiVersion, kind, metadata, ...rest } = given;
    const { labels, annotations, name, namespace } = metadata;
    const content = { ...rest, metadata: { labels, annotations } };
    try {
      if (way === 'put') await this.#server.update(call, { ...given, metadata: { labels, annotations, name, namespace } });
      else if (way === 'json') await this.#server.patch(call, 'json', additions(content));
      else if (way === 'apply')
        await this.#server.patch(call, 'apply', { apiVersion, kind, ...content }, { fieldManager: 'tester', force: true });
      else await this.#server.patch(call, way, content);
      return true;
    } catch (error) {
      // What is odd is refused; only a StatusError is an answer.
      if (error instanceof StatusError && error.code < 500) return false;
      throw error;
    }
  }
}

function additions({ metadata, ...members }: { metadata: object } & Record<string, unknown>): object[] {
  const parts = Object.entries(metadata).filter(([, value]) => value !== undefined);
  return [
    ...parts.map(([name, value]) => ({ op: 'add', path: `/metadata/${name}`, value })),
    ...Object.entries(members).map(([name, value]) => ({ op: 'add', path: `/${name}`, value })),
  ];
}

/** Everything that a write to /status must leave alone. */
function asked({ strategy }: KindDefinition, { status: _status, metadata, ...rest }: Shaped): unknown {
  const { resourceVersion: _version, managedFields: _managed, ...kept } = metadata as KubeObject['metadata'] & { managedFields?: unknown };
  for (const part of ['labels', 'annotations'] as const) if (!strategy.statusKeeps?.includes(part)) delete kept[part];
  return { ...rest, metadata: kept };
}

/** A whole object around generated parts, which differ from what is stored in everything that may be written. */
function around(live: Shaped, generated: Shaped, mark: string): Shaped {
  const { metadata: _metadata, ...parts } = generated;
  return {
    ...structuredClone(live),
    ...parts,
    apiVersion: live.apiVersion,
    kind: live.kind,
    metadata: { ...live.metadata, labels: { ...live.metadata.labels, mark }, annotations: { mark } },
  };
}

const observing = kinds.filter((kind) => kind.subresources.status);
/** The server itself writes a definition's status, whenever it likes. */
const leftAlone = observing.filter(({ kind }) => kind !== 'CustomResourceDefinition');

test.each(leftAlone.map((kind) => [kind.kind, kind] as const))('%s: status and the rest stay apart', async (_, kind) => {
  const { server } = await startTestServer();
  const sample = sampleOf(kind);
  await server.create({ user: admin, kind, ...(kind.namespaced && { namespace: sample.metadata.namespace }) }, sample);
  const subject = new Subject(server, kind, sample.metadata);
  let accepted = 0;
  const marked = await subject.read();
  for (const way of ways) if (await subject.write(way, 'status', around(marked, { ...marked, status: {} }, way))) accepted++;
  await fc.assert(
    fc.asyncProperty(arbitraryObject(kind), fc.constantFrom(...ways), fc.boolean(), async (generated, way, toStatus) => {
      const before = await subject.read();
      const given = around(before, generated, `${way}-${toStatus}`);
      // Half of the writes leave all but status and metadata as it is, so that many are accepted.
      if (generated.metadata.labels === undefined) Object.assign(given, { ...before, metadata: given.metadata, status: given.status });
      if (await subject.write(way, toStatus ? 'status' : undefined, given)) accepted++;
      const after = await subject.read();
      if (toStatus) expect(asked(kind, after)).toEqual(asked(kind, before));
      else if (kind.strategy.writesStatus !== 'always') expect(after.status).toEqual(before.status);
    }),
    { numRuns: 25 },
  );
  expect(accepted).toBeGreaterThan(0);
  await server.stop();
});

const observed = observing.filter(({ strategy }) => !strategy.writesStatus);
test.each(observed.map((kind) => [kind.kind, kind] as const))('%s: a creator does not observe', async (_, kind) => {
  // Some statuses say when the object was made.
  const { server } = await startTestServer({ clock: { ...systemClock, now: () => 0 } });
  const make = async (status: object | undefined): Promise<unknown> => {
    const sample: Shaped = { ...sampleOf(kind), ...(status && { status }) };
    const call: Call = { user: admin, kind, ...(kind.namespaced && { namespace: sample.metadata.namespace }) };
    const { object } = await server.create(call, sample, { dryRun: true });
    return (object as Shaped).status;
  };
  expect(await make({ observedGeneration: 7, conditions: [], phase: 'Failed', replicas: 3 })).toEqual(await make(undefined));
  await server.stop();
});

test('a Node comes with what it says of itself, and with nothing that is off', async () => {
  const { server } = await startTestServer();
  const kind = observing.find((one) => one.kind === 'Node') as KindDefinition;
  const status = {
    capacity: { cpu: '4' },
    addresses: [{ type: 'Hostname', address: 'n' }],
    declaredFeatures: ['A'],
    config: { error: 'x' },
  };
  const { object } = await server.create({ user: admin, kind }, { metadata: { name: 'n' }, status } as unknown as KubeObject);
  expect(object.metadata).not.toHaveProperty('managedFields[0].fieldsV1.f:status');
  expect((object as Shaped).status).toMatchObject({ capacity: { cpu: '4' }, allocatable: { cpu: '4' }, addresses: status.addresses });
  for (const gone of ['declaredFeatures', 'config']) expect((object as Shaped).status).not.toHaveProperty(gone);
  await server.stop();
});
