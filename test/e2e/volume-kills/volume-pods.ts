// The pods of a volume's life. What they find out stands in a folder of the host, so that it is known while agent and containerd are away: the last
// record that is synced for certain, and what was not as it has to be.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { PersistentVolumeClaim, Pod } from '@berth/api';
import { provideImage } from '../../../tools/cluster/images.ts';
import { lane } from '../lane.ts';
import { pod, shell, waitForEver } from '../manifests.ts';

/** Enough that a copy of them can be cut off. */
const seedFiles = 300;
/** Larger than what a copy takes in one step. */
const payloadMebi = 5;

/** An image with files where volumes are mounted. */
export async function provideSeedImage(): Promise<string> {
  const folder = join(lane().layout.directory, 'seed-image');
  await mkdir(join(folder, 'seed'), { recursive: true });
  for (let file = 1; file <= seedFiles; file++) await writeFile(join(folder, 'seed', String(file)), `${file}\n`.repeat(500));
  await writeFile(join(folder, 'Dockerfile'), 'FROM scratch\nCOPY busybox /bin/busybox\nCOPY seed /data/seed\n');
  return provideImage(lane().layout, { repository: 'berth/seed', tag: '1.0', folder });
}

export function claim(namespace: string, name: string, sizeMebi: number, dataSource?: PersistentVolumeClaim['spec']['dataSource']) {
  const annotations = dataSource ? {} : { 'berth.io/populate': 'image' };
  return {
    ...{ apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name, namespace, annotations } },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: `${sizeMebi}Mi` } }, ...(dataSource && { dataSource }) },
  };
}

const prelude = `
b=/bin/busybox
fault() { echo "$HOSTNAME: $1" >> /seen/faults; }
# What holds at every moment from which a copy may be: the image's files but one, the payload, records without a gap.
check() {
  [ "$($b ls $1/seed | $b wc -l)" = ${seedFiles - 1} ] || fault "$1 has $($b ls $1/seed | $b wc -l) of the image's files"
  (cd $1 && $b md5sum -s -c payload.md5) || fault "the payload in $1 is another one"
  $b awk '$1 != NR { exit 1 }' $1/records || fault "the records in $1 have a gap: $($b tail -n 3 $1/records)"
}
`;

/** Writes numbered records, each synced before the host hears of it; once, a payload. */
const write = `${prelude}
if [ ! -f /seen/begun ]; then
  if [ -f /data/seed/1 ] && [ "$($b ls /data/seed | $b wc -l)" != ${seedFiles} ]; then fault "the image's files are not whole"; fi
  $b dd if=/dev/urandom of=/data/payload bs=1M count=${payloadMebi} 2>/dev/null
  (cd /data && $b md5sum payload > payload.md5)
  : > /data/records
  $b rm -f /data/seed/1
  $b sync -f /data
  : > /seen/begun
fi
check /data
n=$($b tail -n 1 /data/records)
[ "\${n:-0}" -ge "$($b cat /seen/synced 2>/dev/null || echo 0)" ] || fault "record $($b cat /seen/synced) is lost, the last one is \${n:-0}"
$b df -k /data | $b awk 'END { print $2 }' > /seen/size-kibi
trap 'exit 0' TERM
while true; do
  n=$(( \${n:-0} + 1 ))
  echo $n >> /data/records
  $b sync -d /data/records || fault "record $n cannot be synced"
  echo $n > /seen/synced.next
  $b mv /seen/synced.next /seen/synced
  $b sleep 0.3 & wait $!
done`;

/** @param seen a folder of the host */
export function writer(
  namespace: string,
  name: string,
  { image, claimName, seen }: { image: string; claimName: string; seen: string },
): Pod {
  const volumeMounts = [mount('data'), mount('seen')];
  const main = shell('main', write, { image, volumeMounts });
  return pod(namespace, name, [main], { volumes: [claimed('data', claimName), shown(seen)] });
}

/** Looks at copies of the volume, and says how many records each has. @param claimNames by the names that the copies have */
export function reader(
  namespace: string,
  name: string,
  copies: Record<string, string>,
  { image, seen }: { image: string; seen: string },
): Pod {
  const names = Object.keys(copies);
  const look = names.map((copy) => `check /${copy}; $b wc -l < /${copy}/records > /seen/next; $b mv /seen/next /seen/${copy}`);
  const main = shell('main', `${prelude}${look.join('\n')}\n${waitForEver}`, { image, volumeMounts: [...names, 'seen'].map(mount) });
  return pod(namespace, name, [main], { volumes: [...names.map((copy) => claimed(copy, copies[copy] ?? '')), shown(seen)] });
}

const mount = (name: string) => ({ name, mountPath: `/${name}` });
const claimed = (name: string, claimName: string) => ({ name, persistentVolumeClaim: { claimName } });
const shown = (path: string) => ({ name: 'seen', hostPath: { path, type: 'DirectoryOrCreate' } });
