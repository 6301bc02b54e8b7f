// Reading the files of cgroups, which go away together with the processes in them.

/** Of what a file of a cgroup holds; Infinity for no limit. */
export function cgroupAmount(text: string): number {
  const [first = ''] = text.trim().split(/\s+/);
  return first === 'max' || first === '-1' ? Number.POSITIVE_INFINITY : Number(first);
}

/** Undefined when the cgroup, or the process, is gone: before its file is opened, or while it is. */
export async function ifThere<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENODEV' || code === 'ESRCH' || code === 'EOPNOTSUPP') return undefined;
    throw error;
  }
}
