// Whether there is room: pods are evicted, images removed and writes refused before a disk is full. Pure.
import { parseQuantity } from '@berth/machinery';
import type { Space } from './machine.ts';
import { error, notChecked, type Outcome, ok, warning } from './outcome.ts';

/** A kubelet's, of what lies on the disk. */
const defaultEvictionHard = 'nodefs.available<10%,nodefs.inodesFree<5%,imagefs.available<15%,imagefs.inodesFree<5%';
/** How much more than the threshold is near it. */
const nearFactor = 1.25;
const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];

export interface DiskQuestion {
  what: string;
  directory: string;
  /** As the agent's option has it. */
  evictionHard: string | undefined;
  /** What volumes with a size were promised of it. */
  volumeBytes: number;
}

/** What there has to be free at least. @param name `available` or `inodesFree`, of both file systems of a node the larger one */
export function leastFree(evictionHard: string, name: string, total: number): number {
  const bounds = evictionHard.split(',').flatMap((part) => {
    const [, bound] = new RegExp(`^\\s*(?:nodefs|imagefs)\\.${name}\\s*<\\s*(\\S+)\\s*$`).exec(part) ?? [];
    return bound === undefined ? [] : [bound];
  });
  const amounts = bounds.map((bound) => (bound.endsWith('%') ? (total * Number(bound.slice(0, -1))) / 100 : parseQuantity(bound).value()));
  return Math.max(0, ...amounts);
}

export function diskOutcomes({ what, directory, evictionHard = defaultEvictionHard, volumeBytes }: DiskQuestion, space: Space): Outcome[] {
  const bytes = judged(`disk: ${what}`, {
    free: space.freeBytes,
    least: leastFree(evictionHard, 'available', space.totalBytes),
    says: `${bytesText(space.freeBytes)} of ${bytesText(space.totalBytes)} are free at ${directory}${
      volumeBytes > 0 ? `; volumes have ${bytesText(volumeBytes)} of it` : ''
    }`,
    text: bytesText,
    remedy: `make room (du -xh --max-depth=2 ${directory}), or add disk`,
  });
  // Some file systems make inodes as they need them, and count none.
  if (space.inodes === 0) return [bytes, notChecked(`inodes: ${what}`, 'this file system does not count them')];
  const inodes = judged(`inodes: ${what}`, {
    free: space.inodesFree,
    least: leastFree(evictionHard, 'inodesFree', space.inodes),
    says: `${space.inodesFree} of ${space.inodes} are free at ${directory}`,
    text: String,
    remedy: `remove what has many small files (du --inodes -x --max-depth=2 ${directory})`,
  });
  return [bytes, inodes];
}

interface Amounts {
  free: number;
  least: number;
  says: string;
  text(amount: number): string;
  remedy: string;
}

function judged(check: string, { free, least, says, text, remedy }: Amounts): Outcome {
  const bound = text(Math.ceil(least));
  if (free < least || free === 0) return error(check, `${says}, less than the ${bound} below which pods are evicted`, remedy);
  if (free < least * nearFactor) return warning(check, `${says}, near the ${bound} below which pods are evicted`, remedy);
  return ok(check, says);
}

export function bytesText(bytes: number): string {
  let [amount, unit] = [bytes, 0];
  while (amount >= 1024 && unit < units.length - 1) [amount, unit] = [amount / 1024, unit + 1];
  return `${amount >= 100 || unit === 0 ? Math.round(amount) : Number(amount.toFixed(1))} ${units[unit]}`;
}
