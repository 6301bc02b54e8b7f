import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { FileRestartMarks, SimulatedRestartMarks } from './restart-marks.ts';

test('marks are there for the next agent, by pod, until they are removed', async () => {
  const root = await mkdtemp(join(tmpdir(), 'berth-marks-'));
  try {
    const simulated = new SimulatedRestartMarks();
    for (const [marks, next] of [
      [simulated, simulated],
      [new FileRestartMarks((uid) => join(root, uid)), new FileRestartMarks((uid) => join(root, uid))],
    ] as const) {
      await marks.set('a', '1');
      await marks.set('a', '1');
      await marks.set('a', '2');
      await marks.set('b', '3');
      expect([(await next.of('a')).sort(), await next.of('b'), await next.of('c')]).toEqual([['1', '2'], ['3'], []]);
      await next.remove('a', '1');
      await next.remove('a', '1');
      await next.remove('c', '1');
      expect(await next.of('a')).toEqual(['2']);
    }
  } finally {
    await rm(root, { recursive: true });
  }
});
