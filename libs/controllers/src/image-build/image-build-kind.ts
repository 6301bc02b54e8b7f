// The kind ImageBuild of build.berth.io/v1alpha1: a build as an object. A custom resource, which `berth build --prepare` defines; of the cluster's
// registry and of the builder's image its definition says what the controller needs to know.
import type { CustomResourceDefinition } from '@berth/api';
import type { KubeObject } from '@berth/machinery';

export const buildGroup = 'build.berth.io';
export const imageBuildKind = 'ImageBuild';
export const imageBuildDefinitionName = `imagebuilds.${buildGroup}`;
/** Of the definition. */
export const builderImageAnnotation = `${buildGroup}/builder-image`;
export const registryAnnotation = `${buildGroup}/registry`;

export interface BuildCondition {
  /** Prepared is there while it is not so. */
  type: 'Complete' | 'Failed' | 'Prepared';
  status: 'True' | 'False';
  reason: string;
  message: string;
  lastTransitionTime: string;
}

export interface ImageBuild extends KubeObject {
  spec: {
    image: string;
    source: { image?: string; configMap?: string; claim?: { name: string; path?: string } };
    dockerfile?: string;
    target?: string;
    args?: Record<string, string>;
    labels?: Record<string, string>;
    noCache?: boolean;
    /** A Secret whose keys are the build's secrets, and which of them. */
    secret?: { name: string; keys: string[] };
    pushSecret?: string;
    cacheClaim?: string;
    memory?: string;
    timeoutSeconds?: number;
    ttlSecondsAfterFinished?: number;
    historyLimit?: number;
  };
  status?: {
    phase?: 'Waiting' | 'Pending' | 'Running' | 'Complete' | 'Failed';
    podName?: string;
    /** In full, with its tag. */
    image?: string;
    digest?: string;
    startTime?: string;
    completionTime?: string;
    conditions?: BuildCondition[];
  };
}

type Schema = Record<string, unknown>;

const text = (description: string, more: Schema = {}): Schema => ({ type: 'string', description, ...more });
const texts = (description: string): Schema => ({ type: 'object', description, additionalProperties: { type: 'string' } });
const count = (description: string, most: number): Schema => ({ type: 'integer', format: 'int32', description, minimum: 1, maximum: most });
const name = (description: string) => text(description, { minLength: 1, maxLength: 253 });
/** Within the source: never out of it. */
const within = {
  minLength: 1,
  maxLength: 1024,
  'x-kubernetes-validations': [
    {
      rule: "!self.startsWith('/') && !self.matches('(^|/)[.][.](/|$)')",
      message: 'must be a path within the source: relative, and without ..',
    },
  ],
};

const spec: Schema = {
  type: 'object',
  description: 'What is built of what. It cannot change: another build is another object.',
  required: ['image', 'source'],
  'x-kubernetes-validations': [{ rule: 'self == oldSelf', message: 'spec is immutable: create another ImageBuild' }],
  properties: {
    image: text('What the image is called; without a registry it is one of the cluster, in the part that is the namespace’s.', {
      minLength: 1,
      maxLength: 512,
    }),
    source: {
      type: 'object',
      description: 'Where the files are that the image is made from.',
      'x-kubernetes-validations': [
        {
          rule: '[has(self.image), has(self.configMap), has(self.claim)].filter(isSet, isSet).size() == 1',
          message: 'exactly one of image, configMap and claim must be set',
        },
      ],
      properties: {
        image: name('An image that holds them.'),
        configMap: name('A ConfigMap whose keys are files.'),
        claim: {
          type: 'object',
          description: 'A PersistentVolumeClaim that holds them.',
          required: ['name'],
          properties: { name: name('Its name.'), path: text('A folder in it.', within) },
        },
      },
    },
    dockerfile: text('Where in the source it is (default: Dockerfile).', within),
    target: text('The stage to build.'),
    args: texts('Variables of the Dockerfile’s ARG.'),
    labels: texts('Labels of the image.'),
    noCache: { type: 'boolean', description: 'Takes no layers of earlier builds.' },
    secret: {
      type: 'object',
      description: 'A Secret, of which RUN --mount=type=secret,id=KEY shows these keys.',
      required: ['name', 'keys'],
      properties: {
        name: name('Its name.'),
        keys: { type: 'array', maxItems: 64, items: text('A key.', { pattern: '^[-._a-zA-Z0-9]+$', maxLength: 253 }) },
      },
    },
    pushSecret: name('A Secret of type kubernetes.io/dockerconfigjson, for registries elsewhere.'),
    cacheClaim: name('A PersistentVolumeClaim that keeps layers between builds.'),
    memory: text('What the build may use at most (default 2Gi).', { pattern: '^[1-9][0-9]*([KMGT]i?|k)?$' }),
    timeoutSeconds: count('How long it may take (default 3600).', 86_400),
    ttlSecondsAfterFinished: {
      ...count('How long it is kept once it has ended, with its pod (default: a day).', 2_147_483_647),
      minimum: 0,
    },
    historyLimit: count(
      'Of this image’s builds in the namespace that have ended, how many stay, whatever their time is (default 10): as the latest says.',
      1000,
    ),
  },
};

const status: Schema = {
  type: 'object',
  properties: {
    phase: text('Waiting, Pending, Running, Complete or Failed.'),
    podName: text('The pod that builds; kubectl logs shows what it writes.'),
    image: text('In full, with its tag.'),
    digest: text('Of what was pushed.'),
    startTime: text('When its pod was made.', { format: 'date-time' }),
    completionTime: text('When it ended.', { format: 'date-time' }),
    conditions: {
      type: 'array',
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['type'],
      items: {
        type: 'object',
        required: ['type', 'status', 'reason', 'message', 'lastTransitionTime'],
        properties: {
          ...{ type: text('Which.'), status: text('True or False.'), reason: text('In a word.'), message: text('In words.') },
          lastTransitionTime: text('When it became so.', { format: 'date-time' }),
        },
      },
    },
  },
};

const column = (title: string, type: string, jsonPath: string, priority = 0) => ({ name: title, type, jsonPath, priority });

export function imageBuildDefinition(known: { registry: string; builderImage: string }): CustomResourceDefinition {
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: {
      name: imageBuildDefinitionName,
      annotations: { [registryAnnotation]: known.registry, [builderImageAnnotation]: known.builderImage },
      labels: { 'app.kubernetes.io/managed-by': 'berth' },
    },
    spec: {
      group: buildGroup,
      names: { kind: imageBuildKind, listKind: 'ImageBuildList', plural: 'imagebuilds', singular: 'imagebuild', shortNames: ['ib'] },
      scope: 'Namespaced',
      versions: [
        {
          ...{ name: 'v1alpha1', served: true, storage: true, subresources: { status: {} } },
          schema: {
            openAPIV3Schema: {
              type: 'object',
              description: 'A build of an image in a pod.',
              required: ['spec'],
              properties: { spec, status },
            },
          },
          additionalPrinterColumns: [
            column('Image', 'string', '.spec.image'),
            column('Phase', 'string', '.status.phase'),
            column('Pod', 'string', '.status.podName'),
            column('Digest', 'string', '.status.digest', 1),
            column('Age', 'date', '.metadata.creationTimestamp'),
          ],
        },
      ],
    },
  } as CustomResourceDefinition;
}
