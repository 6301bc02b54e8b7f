// What runs in a build's pod: shell scripts around buildah, part of the builder's image. Everything that differs between builds comes by
// variables and arguments, so that nothing of a build is ever read as shell.
// A pod either builds once what it mounts (`berth-build`), or is a builder that waits for builds (`berth-builder`), each of which comes as a
// command with its files on its input (`berth-builder-run`). A builder takes one at a time, and nothing of it runs on when it is over: it
// has a PID namespace of its own, whose first process ends with the build, or with the input of whoever asked for it.

import { installedRegistry } from '@berth/api';

/** Who the builder is in its pod. */
export const builderUid = 65_532;

/** Of the user's and group's numbers that a build may give its files to, on the node: nobody else has them. */
export const subordinateIds = { first: 1_879_048_192, count: 65_536 } as const;

/** What the pod mounts, and where. */
export const builderPaths = {
  context: '/context',
  work: '/build',
  cache: '/cache',
  secrets: '/run/build-secrets',
  token: '/run/berth/token',
  authority: '/run/berth/ca.crt',
  pushSecret: '/run/registry/.dockerconfigjson',
} as const;

/** The line that a build's result is found by, in the termination message or the output. */
export const resultPrefix = 'berth-built ';

/** What a builder says to whoever asked, and how it ends where there was no build. */
export const builderReplies = {
  /** Followed by a number of bytes, and as many of them: the list of the files that it still has. */
  context: 'berth-context ',
  /** It has what was sent, and waits for what is next. */
  next: 'berth-next',
  busyCode: 75,
  timeoutCode: 124,
  /** With its pod: of a build that was killed alone, it is 1. */
  killedCode: 137,
} as const;

/** A folder that comes after all files of a build. */
export const contextEnd = '.berth-build.end';

const { work } = builderPaths;

/** Where buildah finds the registry and its account; read by the others. */
const setUp = `set -eu
cd ${work}
export HOME=$PWD/home TMPDIR=$PWD/tmp XDG_RUNTIME_DIR=$PWD/run
export CONTAINERS_REGISTRIES_CONF=$PWD/containers/registries.conf
export REGISTRY_AUTH_FILE=$PWD/containers/auth.json
# Which layers the registry has is known beside the layers, so that they are not packed again to be compared.
export XDG_DATA_HOME=\${STORAGE%/storage}/data
if [ ! -e driver ]; then
  mkdir -p home/.config tmp run $STORAGE $XDG_DATA_HOME
  # Of a claim, the group would pass to everything below, and so to the image.
  chmod g-s $STORAGE
  for host in $REGISTRY_ADDRESS ${installedRegistry.host}; do
    mkdir -p containers/certs.d/$host && cp ${builderPaths.authority} containers/certs.d/$host/ca.crt
  done
  ln -sfn $PWD/containers home/.config/containers
  cat > containers/registries.conf <<END
unqualified-search-registries = ["$REGISTRY_NAME", "docker.io"]
short-name-mode = "disabled"
[[registry]]
prefix = "$REGISTRY_NAME"
location = "$REGISTRY_ADDRESS"
END
  mkdir -p probe/lower probe/upper probe/work probe/merged
  probe=lowerdir=probe/lower,upperdir=probe/upper,workdir=probe/work,userxattr
  driver=overlay
  unshare -U -r -m mount -t overlay -o $probe overlay probe/merged 2>/dev/null || driver=vfs
  echo $driver > driver
fi
read -r driver < driver
export STORAGE_FLAGS="--root $STORAGE --runroot $PWD/run/storage --storage-driver $driver"
# A token is good for a time only.
umask 077
auth="{\\"auth\\":\\"$(printf 'berth:%s' "$(cat ${builderPaths.token})" | base64 | tr -d '\\n')\\"}"
own="\\"$REGISTRY_ADDRESS\\":$auth,\\"${installedRegistry.host}\\":$auth"
if [ -e ${builderPaths.pushSecret} ]; then
  tr -d '\\n' < ${builderPaths.pushSecret} | sed "s|\\"auths\\" *: *{|&$own,|" > $REGISTRY_AUTH_FILE
else
  echo "{\\"auths\\":{$own}}" > $REGISTRY_AUTH_FILE
fi
umask 022
`;

/** As root of the user namespace: no buildah has to make one of its own. */
const steps = `set -eu
buildah $STORAGE_FLAGS build --isolation chroot --layers --tag "$IMAGE" --file "$CONTEXT/$DOCKERFILE" "$@" $CONTEXT
echo "PUSH $IMAGE"
buildah $STORAGE_FLAGS push --quiet --digestfile ${work}/digest "$IMAGE" "docker://$PUSH_IMAGE"
`;

const once = `. /usr/bin/berth-set-up
export CONTEXT=${builderPaths.context}
if [ "$CONTEXT_LINKS" ]; then
  mkdir context && cp -L $CONTEXT/* context/ && CONTEXT=$PWD/context
fi
buildah unshare /bin/sh /usr/bin/berth-build-steps "$@"
printf '${resultPrefix}%s' "$(cat digest)" > /dev/termination-log
`;

/** Holds the user namespace that builds enter, until there was none for so long. */
const hold = `set -eu
cd ${work}
exec 9>> lock
touch stamp
echo $$ > holder
while :; do
  flock 9
  left=$(($(stat -c %Y stamp) + KEEP_SECONDS - $(date +%s)))
  # With the lock, so that no build begins meanwhile.
  [ $left -gt 0 ] || exit 0
  flock -u 9
  sleep $left
done
`;

const run = `set -eu
cd ${work}
tries=0
until [ -s holder ]; do
  [ $tries -lt 300 ] || { echo 'Error: the builder has not started' >&2; exit 1; }
  tries=$((tries + 1))
  sleep 0.1
done
. /usr/bin/berth-set-up
exec 9>> lock
flock -w 1 9 || exit ${builderReplies.busyCode}
inside="nsenter -F -t $(cat holder) -U -m --preserve-credentials -w${work}"
touch context.list
printf '${builderReplies.context}%s\\n' "$(stat -c %s context.list)"
cat context.list
read -r meta archive
$inside /bin/sh /usr/bin/berth-builder-receive "$meta" "$archive"
export CONTEXT=${work}/context
rm -f digest timed-out
# Of a build that was killed, what it had begun.
if [ -e begun ] && [ $STORAGE = ${work}/storage ]; then $inside buildah $STORAGE_FLAGS rm --all > /dev/null; fi
touch begun
code=0
$inside unshare -m -p -f /bin/sh /usr/bin/berth-builder-init 3<&0 || code=$?
touch stamp
[ ! -e timed-out ] || exit ${builderReplies.timeoutCode}
[ $code = 0 ] || exit 1
rm begun
printf '${resultPrefix}%s\\n' "$(cat digest)"
`;

/** What has changed since the build before: what goes, then an archive of what comes. Until it is whole, no list of it is there. */
const receive = `set -eu
rm -rf meta && mkdir -p meta context
head -c "$1" | /usr/bin/tar -x -f - -C meta
echo ${builderReplies.next}
rm -f context.list
(cd context && xargs -0 -r rm -rf -- < ../meta/removed)
head -c "$2" | /usr/bin/tar -x -p --no-same-owner --delay-directory-restore -f - -C context
# Comes last: tar takes an archive that breaks off between two files for a whole one.
[ -d context/${contextEnd} ] || { echo 'Error: the files of the build have not come as a whole' >&2; exit 1; }
rm -r context/${contextEnd}
mv meta/list context.list
`;

/** The first process of a build's PID namespace: a shell, since busybox's xargs would wait for orphans too. */
const init = `set -u
xargs -0 -x -s 1000000 /bin/sh /usr/bin/berth-build-steps < ${work}/meta/arguments 3<&- & steps=$!
{
  timeout -s KILL "$TIMEOUT_SECONDS" cat <&3 > /dev/null
  [ $? = 0 ] || touch ${work}/timed-out
  kill -9 $steps
} 2> /dev/null &
wait $steps
`;

/** By name, in the image's /usr/bin. */
export const builderScripts: Readonly<Record<string, string>> = {
  'berth-set-up': setUp,
  'berth-build': once,
  'berth-build-steps': steps,
  'berth-builder': `. /usr/bin/berth-set-up\nexec buildah unshare /bin/sh /usr/bin/berth-builder-hold\n`,
  'berth-builder-hold': hold,
  'berth-builder-run': run,
  'berth-builder-receive': receive,
  'berth-builder-init': init,
};
