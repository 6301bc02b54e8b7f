// Which form the state in a data directory has. An older build that does not know it refuses to start, rather than misread it; packages refuse
// to be installed over it.
import { join } from 'node:path';
import { readIfPresent, writePrivateFile } from '@berth/pki';

/** Raised by whoever changes how anything is kept, in files or in the store, so that an older build would misread it. */
export const stateVersion = 2;
const fileName = 'state-version';

/** The state cannot be used by this build; the message says what to do. */
export class StateVersionError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'StateVersionError';
  }
}

/** Notes the version of what this build keeps. @throws StateVersionError where a newer one has kept something */
export async function checkStateVersion(dataDirectory: string): Promise<void> {
  const file = join(dataDirectory, fileName);
  const text = (await readIfPresent(file))?.trim();
  if (text !== undefined && !/^[1-9]\d{0,8}$/.test(text)) {
    throw new StateVersionError(`${file} holds no number: restore it, or the state, from a backup`);
  }
  const found = Number(text ?? 0);
  if (found > stateVersion) {
    const what = `the state in ${dataDirectory} is of version ${found}, and this build knows ${stateVersion} at most`;
    throw new StateVersionError(`${what}: run the build that wrote it, or restore a backup of before into an empty directory`);
  }
  if (found !== stateVersion) await writePrivateFile(file, `${stateVersion}\n`);
}
