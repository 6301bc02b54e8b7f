// The command line of `berth build`, with the names that docker build has.
import { buildTimeoutSecondsDefault, keepSecondsDefault, memoryDefault } from '@berth/controllers/image-build';
import { UsageError } from '@berth/telemetry/command-line';
import type { Asked, OwnOptions } from '../ask/cluster-options.ts';

export const buildOptions: OwnOptions = {
  tag: { type: 'string', short: 't' },
  file: { type: 'string', short: 'f' },
  'build-arg': { type: 'string', multiple: true },
  secret: { type: 'string', multiple: true },
  label: { type: 'string', multiple: true },
  target: { type: 'string' },
  'no-cache': { type: 'boolean' },
  cache: { type: 'string' },
  prepare: { type: 'boolean' },
  'push-secret': { type: 'string' },
  memory: { type: 'string' },
  timeout: { type: 'string' },
  keep: { type: 'string' },
  quiet: { type: 'boolean', short: 'q' },
  progress: { type: 'string' },
};

export const buildUsage = `usage: berth build -t NAME [-f DOCKERFILE] [options] DIR
  builds an image in a pod of the cluster from a folder and its Dockerfile, and pushes it to the registry that the nodes pull from.
  A NAME without a registry, such as app:1.0, becomes one of the cluster's, in the part that is the namespace's; the output says which.
  --build-arg NAME[=VALUE]  a variable of the Dockerfile's ARG; without a value, as it is here; may be repeated, as the next two
  --secret id=ID,src=FILE   for RUN --mount=type=secret,id=ID; or id=ID,env=NAME
  --label NAME=VALUE        of the image
  --target STAGE            builds this stage of the Dockerfile, and what it needs
  --no-cache                takes no layers of earlier builds
  --cache CLAIM             keeps layers in this PersistentVolumeClaim, and takes those of earlier builds; made (5Gi) if it is not there
  --push-secret NAME        a Secret of type kubernetes.io/dockerconfigjson, for registries elsewhere
  --memory QUANTITY         what the build may use at most (default 2Gi); --timeout SECONDS (default 3600)
  --keep SECONDS            how long the build's pod stays for this user's next build, which is then quick (default 600; 0: not);
                            builds with secrets have pods of their own
  -n NAMESPACE, -o json, -q (only the image), --progress plain (the build's lines in a pipe, too), --kubeconfig FILE
       berth build --prepare [-n NAMESPACE]
  makes what ImageBuild objects (kubectl explain imagebuild) need in the namespace: the kind, the builder's image, an account that pushes`;

export interface BuildSecret {
  id: string;
  source: { file: string } | { variable: string } | { base64: string };
}

export interface BuildWish {
  folder: string;
  tag: string;
  dockerfile: string | undefined;
  /** With their values. */
  buildArguments: string[];
  secrets: BuildSecret[];
  labels: string[];
  target: string | undefined;
  isUncached: boolean;
  pushSecret: string | undefined;
  cacheClaim: string | undefined;
  memory: string;
  timeoutSeconds: number;
  /** 0: in a pod of its own. */
  keepSeconds: number;
}

const secondsMax = 24 * 3600;

/** @throws UsageError naming the option */
export function buildWish(asked: Asked, environment: NodeJS.ProcessEnv): BuildWish {
  const [folder, ...more] = asked.positionals;
  const tag = asked.text('tag');
  if (tag === undefined || folder === undefined || more.length > 0) throw new UsageError('it is: berth build -t NAME DIR');
  return {
    ...{ folder, tag, dockerfile: asked.text('file'), target: asked.text('target'), isUncached: asked.isSet('no-cache') },
    ...{
      cacheClaim: cacheClaim(asked.text('cache')),
      pushSecret: asked.text('push-secret'),
      memory: quantity(asked.text('memory')),
      timeoutSeconds: seconds('timeout', asked.text('timeout'), 1, buildTimeoutSecondsDefault),
      keepSeconds: seconds('keep', asked.text('keep'), 0, keepSecondsDefault),
    },
    buildArguments: asked.texts('build-arg').flatMap((text) => buildArgument(text, environment)),
    secrets: asked.texts('secret').map(buildSecret),
    labels: asked.texts('label').map(label),
  };
}

function buildArgument(text: string, environment: NodeJS.ProcessEnv): string[] {
  const name = text.split('=', 1)[0] ?? '';
  if (!/^[A-Za-z_]\w*$/.test(name))
    throw new UsageError(`--build-arg: ${JSON.stringify(text)} is not NAME=VALUE, or the NAME of a variable`);
  if (text.includes('=')) return [text];
  // As in Docker, one that is not set here is left to the Dockerfile.
  return environment[name] === undefined ? [] : [`${name}=${environment[name]}`];
}

function label(text: string): string {
  if (!/^[^=\s]+=/.test(text)) throw new UsageError(`--label: ${JSON.stringify(text)} is not NAME=VALUE`);
  return text;
}

function buildSecret(text: string): BuildSecret {
  const parts = Object.fromEntries(text.split(',').map((part) => [part.slice(0, part.indexOf('=')), part.slice(part.indexOf('=') + 1)]));
  const { id = '', src = parts.source, env } = parts;
  // Also the key of a Secret.
  if (!/^[-._a-zA-Z0-9]{1,253}$/.test(id) || /^\.{1,2}$/.test(id) || (src === undefined) === (env === undefined))
    throw new UsageError(`--secret: ${JSON.stringify(text)} is not id=ID,src=FILE or id=ID,env=NAME`);
  return { id, source: src === undefined ? { variable: env ?? '' } : { file: src } };
}

function cacheClaim(text: string | undefined): string | undefined {
  if (text !== undefined && !/^[a-z0-9](?:[-a-z0-9.]{0,251}[a-z0-9])?$/.test(text))
    throw new UsageError(`--cache: ${JSON.stringify(text)} is no name of a claim such as build-cache`);
  return text;
}

function quantity(text = memoryDefault): string {
  if (!/^[1-9]\d*(?:[KMGT]i?|k)?$/.test(text)) throw new UsageError(`--memory: ${JSON.stringify(text)} is no quantity such as 2Gi`);
  return text;
}

function seconds(name: string, text: string | undefined, least: number, usual: number): number {
  const number = Number(text ?? usual);
  if (text === '' || !Number.isInteger(number) || number < least || number > secondsMax)
    throw new UsageError(`--${name}: ${JSON.stringify(text)} is no number of seconds from ${least} to ${secondsMax}`);
  return number;
}
