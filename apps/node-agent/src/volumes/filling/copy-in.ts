// Copies a folder of an image into an empty volume: owners, modes, times, links and extended attributes as they are, all of it or nothing. Containers of
// other pods may have the volume already and swap its folders for links meanwhile, so the copy runs where there is nothing else to reach: in a mount
// namespace whose root holds the image's folder and the host's programs, both read-only, and the volume.
import { execFile } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const copyMsMax = 15 * 60_000;

/** $1 the new root, $2 what to copy, $3 the volume, $4 the lock's file, $5 what then runs. */
const enter = `set -eu
exec 9> "$4"
mount -t tmpfs -o mode=700,size=1m tmpfs "$1"
for name in bin sbin lib lib32 lib64 libx32 usr; do
  if [ -L "/$name" ]; then cp -P "/$name" "$1/$name"
  elif [ -d "/$name" ]; then mkdir "$1/$name"; mount --bind "/$name" "$1/$name"; mount -o remount,bind,ro "$1/$name"
  fi
done
mkdir "$1/from" "$1/to"
mount --bind "$2" "$1/from"; mount -o remount,bind,ro "$1/from"
mount --bind "$3" "$1/to"
mkdir "$1/old" "$1/proc"
# For umount.
mount --bind /proc "$1/proc"
cd "$1"
pivot_root . old
# Whatever else is mounted on the node is not kept by this namespace.
umount --lazy /old
umount --lazy /proc
rmdir /old /proc
flock 9
exec chroot . /bin/sh -c "$5"`;

/**
 * What was copied gets its name when it is whole, and is moved into place entry by entry: a copy that was cut off before starts anew, one that was cut
 * off after goes on.
 */
const copy = `set -eu
cd /to
part=.berth-filling whole=.berth-filled
if [ ! -d "$whole" ]; then
  rm -rf -- "$part"
  if [ -n "$(find . -mindepth 1 -maxdepth 1 ! -name lost+found -print -quit)" ]; then echo occupied; exit 0; fi
  trap 'rm -rf -- "$part"' EXIT
  mkdir -m 700 "$part"
  cp -a /from/. "$part"
  sync -f .
  mv -T "$part" "$whole"
  trap - EXIT
fi
find "$whole" -mindepth 1 -maxdepth 1 -exec mv -n -t . -- {} +
rm -rf -- "$whole"
chown --reference=/from .
chmod --reference=/from .
touch -r /from .
sync -f .
echo filled`;

/**
 * Only one copy into a volume runs at a time, also when the agent that began it was killed: the lock is the process' own.
 * @param volume by a path that no container can change
 * @param own a folder of the agent's own for this volume
 * @returns 'occupied' for a volume that holds something already, which is left as it is
 */
export async function copyIn(from: string, volume: string, own: string): Promise<'filled' | 'occupied'> {
  const root = join(own, 'root');
  await mkdir(root, { recursive: true, mode: 0o700 });
  const namespaces = ['--mount', '--propagation', 'private', '--pid', '--fork', '--kill-child=KILL'];
  const args = [root, from, volume, join(own, 'lock'), copy];
  try {
    const { stdout } = await run('unshare', [...namespaces, '/bin/sh', '-c', enter, 'sh', ...args], {
      env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C' },
      timeout: copyMsMax,
      killSignal: 'SIGKILL',
    });
    return stdout.trim() === 'occupied' ? 'occupied' : 'filled';
  } catch (error) {
    const { stderr, message } = error as Error & { stderr?: string };
    throw new Error(stderr?.trim().split('\n').at(-1) || message, { cause: error });
  }
}
