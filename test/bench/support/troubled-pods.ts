// Twenty pods that cannot do what they are for, each for another reason: from the name of an image to a container that is killed
// again and again.
import type { Container, PodSpec } from '@berth/api';

export interface PodTemplate {
  name: string;
  spec: PodSpec;
}

export interface TroubledImages {
  /** Holds /bin/busybox. */
  image: string;
  /** An image that says nothing of what to run. */
  withoutCommand: string;
}

export function troubledPods({ image, withoutCommand }: TroubledImages): PodTemplate[] {
  const forEver = ['/bin/busybox', 'sleep', '100000'];
  const main = (more: Partial<Container> = {}): Container => ({ name: 'main', image, command: forEver, ...more });
  const shell = (script: string): Container => main({ command: ['/bin/busybox', 'sh', '-c', script] });
  const pod = (name: string, container: Container, more: Partial<PodSpec> = {}): PodTemplate => ({
    name,
    spec: { terminationGracePeriodSeconds: 1, ...more, containers: [container] },
  });
  const fails = { exec: { command: ['/bin/busybox', 'false'] }, periodSeconds: 5, failureThreshold: 1 };
  const mounting = main({ volumeMounts: [{ name: 'data', mountPath: '/data' }] });
  const volume = (source: object) => ({ volumes: [{ name: 'data', ...source }] });
  return [
    pod('image-name', main({ image: 'localhost:1/Upper/Case:1' })),
    pod('image-absent', main({ image: `${image}-absent` })),
    pod('registry-away', main({ image: 'localhost:1/away:1' })),
    pod('image-never-pulled', main({ image: 'localhost:1/never:1', imagePullPolicy: 'Never' })),
    pod('variable', main({ env: [{ name: 'A', valueFrom: { configMapKeyRef: { name: 'absent', key: 'a' } } }] })),
    pod('non-root', main({ securityContext: { runAsNonRoot: true, runAsUser: 0 } })),
    pod('volume-config-map', mounting, volume({ configMap: { name: 'absent' } })),
    pod('volume-secret', mounting, volume({ secret: { secretName: 'absent' } })),
    pod('volume-host-path', mounting, volume({ hostPath: { path: '/absent-on-this-machine', type: 'Directory' } })),
    pod('no-command', { name: 'main', image: withoutCommand }),
    pod('command-absent', main({ command: ['no-such-program'] })),
    pod('command-of-init-absent', main(), { initContainers: [{ name: 'init', image, command: ['no-such-program'] }] }),
    pod('init-fails', main(), { initContainers: [{ ...shell('exit 3'), name: 'init' }] }),
    pod('sidecar-fails', main(), { initContainers: [{ ...shell('exit 3'), name: 'side', restartPolicy: 'Always' }] }),
    pod('crash', shell('exit 1')),
    pod('done-at-once', shell('exit 0')),
    pod('out-of-memory', {
      ...shell('x=$(/bin/busybox head -c 100m /dev/zero | /bin/busybox tr "\\0" x)'),
      resources: { limits: { memory: '16Mi' } },
    }),
    pod('post-start', main({ lifecycle: { postStart: { exec: { command: ['/bin/busybox', 'false'] } } } })),
    pod('liveness', main({ livenessProbe: fails })),
    pod('startup', main({ startupProbe: fails })),
  ];
}
