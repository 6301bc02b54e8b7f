// Troubles of images and containers.
import { changed, container, namespaced, ofDeployment, once, type Trouble, workload } from './trouble.ts';

const undo = 'kubectl rollout undo deployment/web';
const rolledBack = { button: { label: 'Roll back deployment' }, mends: 'roll back', command: undo };

export const containerTroubles: Trouble[] = [
  {
    id: 'image',
    trouble: 'An image that does not exist',
    steps: changed(({ image }) => ({ container: container(image.replace(/:[^:]*$/, ':none')) })),
    subject: ofDeployment,
    card: { kind: 'Pod', name: 'web-', reason: 'ImagePullBackOff', says: 'container main; image …:none cannot be pulled: …not found' },
    ...rolledBack,
  },
  {
    id: 'pull-secret',
    trouble: 'A pull secret with the wrong password',
    steps: [
      (place) => [
        {
          ...namespaced('v1', 'Secret', 'registry', { type: 'kubernetes.io/dockerconfigjson' })(place),
          stringData: {
            '.dockerconfigjson': JSON.stringify({
              auths: { [place.privateImage.split('/')[0] ?? '']: { username: 'robot', password: 'of last year' } },
            }),
          },
        },
        workload(place, { container: container(place.privateImage), pod: { imagePullSecrets: [{ name: 'registry' }] } }),
      ],
    ],
    subject: ofDeployment,
    card: { kind: 'Pod', name: 'web-', reason: 'ImagePullBackOff', says: 'container main; image … cannot be pulled: …401 Unauthorized…' },
    mends: 'a secret with the right password',
    command: 'kubectl create secret docker-registry registry --docker-server=… --docker-username=… --docker-password=…',
  },
  {
    id: 'crash',
    trouble: 'A program that ends at once',
    steps: changed(({ image }) => ({
      container: container(image, 'echo starting; echo "fatal: cannot open /data/store: permission denied"; echo bye; exit 3'),
    })),
    subject: ofDeployment,
    card: {
      kind: 'Pod',
      name: 'web-',
      reason: 'CrashLoopBackOff',
      says: 'container main; last ended with exit code 3…; its last line: fatal: cannot open /data/store: permission denied',
    },
    ...rolledBack,
  },
  {
    id: 'oom',
    trouble: 'A container killed for its memory',
    steps: once(({ image }) => ({
      container: container(
        image,
        `x=$(/bin/busybox head -c 40000000 /dev/zero | /bin/busybox tr '\\0' a); ${'trap "exit 0" TERM'}; while true; do /bin/busybox sleep 1 & wait; done`,
        {
          resources: { limits: { memory: '16Mi' }, requests: { memory: '8Mi' } },
        },
      ),
    })),
    subject: ofDeployment,
    card: { kind: 'Pod', name: 'web-', reason: 'OOMKilled', says: 'container main; last ended with exit code 137 (OOMKilled)…' },
    button: { label: 'Raise memory limit', value: '256Mi' },
    mends: 'raise the limit',
    command: 'kubectl set resources deployment/web -c main --limits=memory=256Mi',
  },
  {
    id: 'readiness',
    trouble: 'A readiness probe that fails',
    steps: changed(({ image }) => ({
      container: container(image, undefined, {
        readinessProbe: { exec: { command: ['/bin/busybox', 'cat', '/tmp/ready'] }, periodSeconds: 2 },
      }),
    })),
    subject: ofDeployment,
    card: {
      kind: 'Pod',
      name: 'web-',
      reason: 'Unhealthy',
      says: "Readiness probe failed: cat: can't open '/tmp/ready': No such file or directory…",
    },
    ...rolledBack,
  },
  {
    id: 'liveness',
    trouble: 'A liveness probe that fails, so that the container is restarted for ever',
    steps: changed(({ image }) => ({
      container: container(image, undefined, {
        livenessProbe: {
          exec: { command: ['/bin/busybox', 'sh', '-c', 'echo no answer from worker 3; exit 1'] },
          periodSeconds: 1,
          failureThreshold: 1,
        },
      }),
    })),
    subject: ofDeployment,
    card: {
      kind: 'Pod',
      name: 'web-',
      reason: 'LivenessProbe',
      says: 'container main is restarted by its liveness probe: Liveness probe failed: no answer from worker 3…',
    },
    ...rolledBack,
  },
  {
    id: 'init',
    trouble: 'An init container that fails',
    steps: changed(({ image }) => ({
      pod: { initContainers: [{ ...container(image, 'echo "error: no route to the database"; exit 1'), name: 'migrate' }] },
    })),
    subject: ofDeployment,
    card: {
      kind: 'Pod',
      name: 'web-',
      reason: 'Init:CrashLoopBackOff',
      says: 'init container migrate; last ended with exit code 1…; its last line: error: no route to the database',
    },
    ...rolledBack,
  },
  {
    id: 'command',
    trouble: 'A command that is not in the image',
    steps: changed(({ image }) => ({ container: { name: 'main', image, command: ['/opt/server'] } })),
    subject: ofDeployment,
    card: { kind: 'Pod', name: 'web-', reason: 'CrashLoopBackOff', says: 'container main; …/opt/server…' },
    ...rolledBack,
  },
  {
    id: 'config-map',
    trouble: 'A ConfigMap that is not there',
    steps: once(({ image }) => ({ container: container(image, undefined, { envFrom: [{ configMapRef: { name: 'settings' } }] }) })),
    subject: ofDeployment,
    card: { kind: 'Pod', name: 'web-', reason: 'CreateContainerConfigError', says: 'container main; configmap "settings" not found' },
    button: { label: 'Create configmap settings' },
    mends: 'create it',
    command: 'kubectl create configmap settings --from-literal=KEY=VALUE',
  },
  {
    id: 'secret-key',
    trouble: 'A Secret without the key that is asked for',
    steps: [
      (place) => [
        { ...namespaced('v1', 'Secret', 'db', {})(place), stringData: { user: 'web' } },
        workload(place, {
          container: container(place.image, undefined, {
            env: [{ name: 'PASSWORD', valueFrom: { secretKeyRef: { name: 'db', key: 'password' } } }],
          }),
        }),
      ],
    ],
    subject: ofDeployment,
    card: {
      kind: 'Pod',
      name: 'web-',
      reason: 'CreateContainerConfigError',
      says: "container main; couldn't find key password in Secret …/db",
    },
    mends: 'add the key, or ask for one that is there',
    command: 'kubectl patch secret db -p \'{"stringData":{"password":"VALUE"}}\'',
  },
  {
    id: 'secret-mount',
    trouble: 'A mounted Secret that is not there',
    steps: once(({ image }) => ({
      container: container(image, undefined, { volumeMounts: [{ name: 'keys', mountPath: '/keys' }] }),
      pod: { volumes: [{ name: 'keys', secret: { secretName: 'keys' } }] },
    })),
    subject: ofDeployment,
    card: {
      kind: 'Pod',
      name: 'web-',
      reason: 'FailedMount',
      says: 'MountVolume.SetUp failed for volume "keys" : secret "keys" not found',
    },
    button: { label: 'Create secret keys' },
    mends: 'create it',
    command: 'kubectl create secret generic keys --from-literal=KEY=VALUE',
  },
];
