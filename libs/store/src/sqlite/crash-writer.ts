// The process that the crash test kills: writes into the file it is given until then.
import { systemClock } from '@berth/telemetry';
import { writePairs } from '../contract/write-pairs.ts';
import { SqliteStore } from './sqlite-store.ts';

const [file] = process.argv.slice(2);
if (!file) throw new Error('usage: crash-writer.ts FILE');
await writePairs(await SqliteStore.open({ file, clock: systemClock }));
