// What runs in a build's pod: a shell script around buildah, part of the builder's image. Everything that differs between builds comes by
// variables and arguments, so that nothing of a build is ever read as shell.

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

/** The line that a build's result is found by, in the termination message. */
export const resultPrefix = 'berth-built ';

export const builderScript = `#!/bin/sh
set -eu
cd ${builderPaths.work}
mkdir -p home tmp run containers/certs.d/$REGISTRY_ADDRESS
export HOME=$PWD/home TMPDIR=$PWD/tmp XDG_RUNTIME_DIR=$PWD/run
cp ${builderPaths.authority} containers/certs.d/$REGISTRY_ADDRESS/ca.crt
mkdir -p home/.config && ln -sfn $PWD/containers home/.config/containers
cat > containers/registries.conf <<END
unqualified-search-registries = ["$REGISTRY_NAME", "docker.io"]
short-name-mode = "disabled"
[[registry]]
prefix = "$REGISTRY_NAME"
location = "$REGISTRY_ADDRESS"
END
export CONTAINERS_REGISTRIES_CONF=$PWD/containers/registries.conf
export REGISTRY_AUTH_FILE=$PWD/containers/auth.json
umask 077
own="\\"$REGISTRY_ADDRESS\\":{\\"auth\\":\\"$(printf 'berth:%s' "$(cat ${builderPaths.token})" | base64 | tr -d '\\n')\\"}"
if [ -e ${builderPaths.pushSecret} ]; then
  tr -d '\\n' < ${builderPaths.pushSecret} | sed "s|\\"auths\\" *: *{|&$own,|" > $REGISTRY_AUTH_FILE
else
  echo "{\\"auths\\":{$own}}" > $REGISTRY_AUTH_FILE
fi
umask 022
mkdir -p probe/lower probe/upper probe/work probe/merged
driver=overlay
context=${builderPaths.context}
if [ "$CONTEXT_LINKS" ]; then
  mkdir context && cp -L $context/* context/ && context=$PWD/context
fi
# Of a claim, the group would pass to everything below, and so to the image.
mkdir -p $STORAGE && chmod g-s $STORAGE
unshare -U -r -m mount -t overlay -o lowerdir=probe/lower,upperdir=probe/upper,workdir=probe/work,userxattr overlay probe/merged 2>/dev/null || driver=vfs
storage="--root $STORAGE --runroot $PWD/run/storage --storage-driver $driver"
buildah $storage build --isolation chroot --layers --tag "$IMAGE" --file "$context/$DOCKERFILE" "$@" $context
echo "PUSH $IMAGE"
buildah $storage push --quiet --digestfile $PWD/digest "$IMAGE" "docker://$PUSH_IMAGE"
printf '${resultPrefix}%s' "$(cat digest)" > /dev/termination-log
`;
