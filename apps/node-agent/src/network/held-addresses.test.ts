import { silentLogger } from '@berth/telemetry';
import { SimulatedClock } from '@berth/telemetry/testing';
import { expect, test } from 'vitest';
import type { CommandRunner } from './commands.ts';
import { gratuitousFrames } from './gratuitous-arp.ts';
import { HeldAddresses } from './held-addresses.ts';

const hardware = '0a:58:c0:00:02:02';
/** It is on every machine, so that nothing has to be made. */
const device = 'lo';

/** A kernel with the node's interface, and one for what it holds. */
function kernel() {
  const addresses = new Set<string>();
  /** Addresses that were announced, one round after the other. */
  const announced: string[][] = [];
  let isFailing = false;
  const run: CommandRunner = async (program, args, input = '') => {
    if (program === 'perl') {
      if (isFailing) throw new Error('cannot send: Network is down');
      const frames = input.trimEnd().split('\n');
      announced.push(
        ['10.9.0.1', '10.9.0.2', '10.9.0.3'].filter((address) => frames.includes(gratuitousFrames(hardware, address)[0] ?? '')),
      );
      return '';
    }
    if (args.includes('-batch')) {
      for (const [, verb, address = ''] of input.split('\n').map((line) => line.split(/[ /]/)))
        if (verb === 'add') addresses.add(address);
        else addresses.delete(address);
      return '';
    }
    if (args.includes('address')) {
      const own = [...addresses].map((local) => ({ local, prefixlen: 32 }));
      return JSON.stringify([
        { ifname: 'eth0', mtu: 1500, addr_info: [{ local: '192.0.2.2', prefixlen: 24 }] },
        { ifname: device, mtu: 1500, addr_info: own },
      ]);
    }
    if (args.includes('show')) return JSON.stringify([{ ifindex: 2, address: hardware, link_type: 'ether' }]);
    if (args[1] === 'delete') addresses.clear();
    return '';
  };
  const fail = (is: boolean) => {
    isFailing = is;
  };
  return { run, addresses, announced, fail };
}

function heldBy({ run }: ReturnType<typeof kernel>, clock: SimulatedClock): HeldAddresses {
  return new HeldAddresses({ device, nodeIp: '192.0.2.2', run, changed: () => undefined, clock, logger: silentLogger });
}

test('an announcement is a request and a reply of the address for itself, to everybody', () => {
  const own = '0a58c0000202';
  expect(gratuitousFrames(hardware, '10.9.0.1')).toEqual([
    `ffffffffffff${own}0806${'0001080006040001'}${own}0a090001${'000000000000'}0a090001`,
    `ffffffffffff${own}0806${'0001080006040002'}${own}0a090001${'ffffffffffff'}0a090001`,
  ]);
});

test('what comes is announced four times, all of it once a minute, and nothing that has gone', async () => {
  const clock = new SimulatedClock();
  const machine = kernel();
  const held = heldBy(machine, clock);
  try {
    await held.apply(['10.9.0.1', '10.9.0.2']);
    expect([...machine.addresses]).toEqual(['10.9.0.1', '10.9.0.2']);
    await clock.advance(10_000);
    expect(machine.announced).toEqual(Array(4).fill(['10.9.0.1', '10.9.0.2']));
    await clock.advance(60_000);
    expect(machine.announced).toHaveLength(5);
    machine.announced.length = 0;
    await held.apply(['10.9.0.2', '10.9.0.3']);
    await clock.advance(10_000);
    expect([[...machine.addresses], machine.announced]).toEqual([['10.9.0.2', '10.9.0.3'], Array(4).fill(['10.9.0.3'])]);
    machine.announced.length = 0;
    await held.apply([]);
    await clock.advance(600_000);
    expect([[...machine.addresses], machine.announced]).toEqual([[], []]);
  } finally {
    await held.stop();
  }
});

test('an agent that begins takes over what an earlier one held, and announces it; one that stops leaves it', async () => {
  const clock = new SimulatedClock();
  const machine = kernel();
  machine.addresses.add('10.9.0.1').add('10.9.0.3');
  const held = heldBy(machine, clock);
  try {
    await held.apply(['10.9.0.1', '10.9.0.2']);
    await clock.advance(10);
    expect([[...machine.addresses], machine.announced]).toEqual([['10.9.0.1', '10.9.0.2'], [['10.9.0.1', '10.9.0.2']]]);
  } finally {
    await held.stop();
  }
  await clock.advance(600_000);
  expect([machine.addresses.size, machine.announced.length]).toEqual([2, 1]);
});

test('an announcement that cannot be sent is tried again', async () => {
  const clock = new SimulatedClock();
  const machine = kernel();
  const held = heldBy(machine, clock);
  machine.fail(true);
  try {
    await held.apply(['10.9.0.1']);
    await clock.advance(1_500);
    machine.fail(false);
    await clock.advance(1_000);
    expect(machine.announced).toEqual([['10.9.0.1']]);
  } finally {
    await held.stop();
  }
});
