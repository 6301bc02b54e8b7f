// The descriptors load, and messages keep their shape over the wire.
import type * as grpc from '@grpc/grpc-js';
import { describe, expect, it } from 'vitest';
import { serviceOf } from './descriptor.ts';
import { agentGatewayService, agentPackage, criPackage } from './packages.ts';

function roundTrip(method: grpc.MethodDefinition<unknown, unknown> | undefined, message: unknown): unknown {
  if (!method) throw new Error('no such method');
  return method.requestDeserialize(method.requestSerialize(message));
}

describe('protocol packages', () => {
  it('keeps 64-bit numbers as numbers for agents and optional fields absent', () => {
    const service = agentGatewayService();
    const decoded = roundTrip(service.Session, {
      podStatuses: { sequence: 2 ** 40, statuses: [{ name: 'a', status: new Uint8Array([1, 2]) }] },
    });
    expect(decoded).toMatchObject({
      message: 'podStatuses',
      podStatuses: { sequence: 2 ** 40, statuses: [{ name: 'a', terminated: false }] },
    });
    const open = service.Session?.responseDeserialize(
      service.Session.responseSerialize({ openTunnel: { tunnelId: 't', log: { follow: true, tailLines: 0 } } }),
    ) as { openTunnel: { log: Record<string, unknown> } };
    expect(open.openTunnel.log.tailLines).toBe(0);
    expect('limitBytes' in open.openTunnel.log).toBe(false);
    expect(roundTrip(service.Tunnel, { channel: 'STDERR', data: new Uint8Array([7]) })).toMatchObject({
      channel: 'STDERR',
      data: Buffer.from([7]),
    });
  });

  it('keeps CRI nanoseconds exact', () => {
    const runtime = serviceOf(criPackage(), 'runtime.v1.RuntimeService').service;
    const wire = runtime.ContainerStatus?.responseSerialize({ status: { createdAt: '1700000000123456789', state: 'CONTAINER_EXITED' } });
    expect(runtime.ContainerStatus?.responseDeserialize(wire as Buffer)).toMatchObject({
      status: { createdAt: '1700000000123456789', state: 'CONTAINER_EXITED', metadata: null, labels: {} },
    });
    expect(agentPackage()).toBeDefined();
  });
});
