// A command's result that was lost with its connection is the one that containerd told of, where there is no doubt whose it is.
import { SimulatedClock } from '@berth/telemetry/testing';
import { expect, test } from 'vitest';
import type { ExecSession } from '../runtime.ts';
import { ExecExits } from './exec-exits.ts';
import { SilentEndError, StreamingError } from './streaming.ts';

function fixture() {
  const clock = new SimulatedClock();
  const exits = new ExecExits(clock);
  const exit = Promise.withResolvers<number>();
  const opened: ExecSession = { exit: exit.promise, resize: () => undefined, close: () => undefined };
  return { clock, exits, exit, follow: () => exits.follow('c', async () => opened) };
}

test.each(['before', 'after'])(
  'a result that is lost is that of the process that ended, which was told of %s the connection ended',
  async (when) => {
    const { clock, exits, exit, follow } = fixture();
    exits.note({ containerId: 'c', exitCode: 1 });
    await clock.advance(10);
    const session = await follow();
    exits.note({ containerId: 'another', exitCode: 2 });
    if (when === 'before') exits.note({ containerId: 'c', exitCode: 7 });
    exit.reject(new SilentEndError());
    await clock.advance(100);
    if (when === 'after') exits.note({ containerId: 'c', exitCode: 7 });
    await clock.advance(100);
    expect(await session.exit).toBe(7);
  },
);

test('of several that ended in different ways, nobody says which it was', async () => {
  const { clock, exits, exit, follow } = fixture();
  const session = await follow();
  for (const exitCode of [0, 7]) exits.note({ containerId: 'c', exitCode });
  exit.reject(new SilentEndError());
  const said = expect(session.exit).rejects.toThrow(SilentEndError);
  await clock.advance(100);
  await said;
});

test('where nobody tells of an end, and where the session itself failed, its error stays', async () => {
  for (const error of [new SilentEndError(), new StreamingError('refused')]) {
    const { clock, exit, follow } = fixture();
    const session = await follow();
    exit.reject(error);
    const said = expect(session.exit).rejects.toBe(error);
    await clock.advance(10_000);
    await said;
  }
});
