// The files that the table's lines name, written beside them.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { lane } from '../lane.ts';

/** Where the image's name goes. */
const image = 'IMAGE';

const sleeper = '["/bin/busybox", "sh", "-c", "trap \'exit 0\' TERM; while true; do /bin/busybox sleep 1 & wait; done"]';

const template = (app: string, command = sleeper) =>
  `{metadata: {labels: {app: ${app}}}, spec: {terminationGracePeriodSeconds: 1, containers: [{name: ${app}, image: "${image}", command: ${command}}]}}`;
const contents: Record<string, string> = {
  'web.yaml': `apiVersion: v1
kind: ConfigMap
metadata: {name: settings}
data: {color: red}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, labels: {app: web}}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template: ${template('web')}
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  selector: {app: web}
  ports: [{name: http, port: 80, targetPort: 8080}]
`,
  'settings-blue.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings}\ndata: {color: blue, size: large}\n',
  'bad.yaml': 'apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: bad}\nspec: {replicas: -1, selector: {}, colour: red}\n',
  'invalid.yaml': `apiVersion: v1
kind: Pod
metadata: {name: Bad_Name}
spec: {restartPolicy: Sometimes, containers: [{name: a, image: ""}, {name: a, image: x, ports: [{containerPort: 99999}]}]}
`,
  'stateful.yaml': `apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db}
spec:
  serviceName: db
  replicas: 2
  selector: {matchLabels: {app: db}}
  template: ${template('db')}
`,
  'daemon.yaml': `apiVersion: apps/v1
kind: DaemonSet
metadata: {name: agent}
spec:
  selector: {matchLabels: {app: agent}}
  template: ${template('agent')}
`,
  'controller.yaml': `apiVersion: v1
kind: ReplicationController
metadata: {name: old}
spec:
  replicas: 2
  template: ${template('old')}
`,
  'waiting.yaml': `apiVersion: v1
kind: Pod
metadata: {name: waiting}
spec: {schedulerName: nobody, terminationGracePeriodSeconds: 1, containers: [{name: main, image: "${image}", command: ${sleeper}}]}
`,
  'binding.yaml': `apiVersion: v1
kind: Binding
metadata: {name: waiting}
target: {kind: Node, name: berth-node-8}
`,
  'talker.yaml': `apiVersion: v1
kind: Pod
metadata: {name: talker, labels: {app: talker}}
spec:
  terminationGracePeriodSeconds: 1
  containers:
  - {name: talker, image: "${image}", command: [/bin/busybox, sh, -c, "echo first; echo second; echo third; trap 'exit 0' TERM; while true; do /bin/busybox sleep 1 & wait; done"]}
  - {name: server, image: "${image}", env: [{name: PATH, value: "/tmp/bin:/bin"}], volumeMounts: [{name: tmp, mountPath: /tmp}], command: [/bin/busybox, sh, -c, "/bin/busybox mkdir -p /tmp/www /tmp/bin; /bin/busybox ln -s /bin/busybox /tmp/bin/tar; echo hello > /tmp/www/index.html; exec /bin/busybox httpd -f -p 8080 -h /tmp/www"]}
  volumes: [{name: tmp, emptyDir: {}}]
`,
  // containerd may end an attached stream before what a process says last: what is attached to does not end at once.
  'echo.yaml': `apiVersion: v1
kind: Pod
metadata: {name: echo}
spec:
  terminationGracePeriodSeconds: 1
  containers: [{name: echo, stdin: true, stdinOnce: true, image: "${image}", command: [/bin/busybox, sh, -c, "while read line; do echo got $line; done; /bin/busybox sleep 1"]}]
`,
  'rbac.yaml': `apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: reader, namespace: golden}
rules: [{apiGroups: [""], resources: [pods], verbs: [get, list]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: reader, namespace: golden}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: reader}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: User, name: ann}]
`,
  'rbac-more.yaml': `apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: reader, namespace: golden}
rules: [{apiGroups: [""], resources: [services], verbs: [get]}]
`,
  'quota-pod.yaml': `apiVersion: v1
kind: Pod
metadata: {name: hungry}
spec: {containers: [{name: a, image: "${image}", resources: {requests: {cpu: 200m, memory: 32Mi}, limits: {memory: 64Mi}}}]}
`,
  'kustomize/kustomization.yaml':
    'namePrefix: dev-\ncommonLabels: {team: blue}\nresources: [configmap.yaml]\nconfigMapGenerator: [{name: made, literals: [a=b]}]\ngeneratorOptions: {disableNameSuffixHash: true}\n',
  'kustomize/configmap.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: plain}\ndata: {a: "1"}\n',
  'edit.sh': '#!/bin/sh\nsed -i "s/color: red/color: green/" "$1"\n',
  'edit-status.sh': '#!/bin/sh\nsed -i "s/^  observedGeneration: .*/  observedGeneration: 1/" "$1"\n',
  'edit-badly.sh': '#!/bin/sh\nsed -i "s/^data:/date:/" "$1"\n',
};

/** One of every kind that people describe, and a pod with a bit of everything. */
const large = (name: string): [string, string] => [name, readFileSync(join(import.meta.dirname, 'files', name), 'utf8')];

/** Name → content. */
export function files(): Record<string, string> {
  const all = [...Object.entries(contents), large('kinds.yaml'), large('everything.yaml')];
  return Object.fromEntries(all.map(([name, content]) => [name, content.replaceAll(image, lane().helloImage)]));
}
