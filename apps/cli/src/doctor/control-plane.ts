// What the control plane says of itself, check by check, and how large its store has grown. Pure.
import { bytesText } from './disk.ts';
import { error, notChecked, type Outcome, ok, warning } from './outcome.ts';

const remedies: Record<string, string> = {
  etcd: 'look at the store: its disk, and of --store etcd whether etcd runs; then the log of the control plane',
  'store-space': 'make room on the disk of the store (of etcd: compact and defragment it): until then every write is refused',
  'watch-cache': 'it follows its store again within seconds; if not, look into the log of the control plane',
};

/** @param verbose the answer of /readyz?verbose, whatever its code was */
export function readinessOutcomes(verbose: string): Outcome[] {
  const lines = verbose.split('\n').flatMap((line) => {
    const [, sign, name, rest = ''] = /^\[([+-])\]([\w/.-]+) (.*)$/.exec(line) ?? [];
    return name === undefined ? [] : [{ isWell: sign === '+', name, rest }];
  });
  if (lines.length === 0) return [error('control plane', `/readyz answers ${JSON.stringify(verbose.slice(0, 200))}`, 'look into its log')];
  const failed = lines.filter(({ isWell }) => !isWell);
  if (failed.length === 0) return [ok('control plane', `ready: ${lines.map(({ name }) => name).join(', ')}`)];
  return failed.map(({ name, rest }) => error(`control plane: ${name}`, rest, remedies[name] ?? 'look into the log of the control plane'));
}

/**
 * @param storeBytes of the store's files; undefined where the store is not in this directory
 * @param freeBytes of its disk
 */
export function storeOutcome(storeBytes: number | undefined, freeBytes: number, directory: string): Outcome {
  const check = 'store: size';
  if (storeBytes === undefined) return notChecked(check, `there is no SQLite file in ${directory}: the store is an etcd`);
  const says = `${bytesText(storeBytes)} in ${directory}`;
  // A backup and a check-point need as much again for a while.
  if (freeBytes < storeBytes) {
    return warning(check, `${says}, and only ${bytesText(freeBytes)} are free there: too little for a copy`, 'make room on that disk');
  }
  return ok(check, says);
}
