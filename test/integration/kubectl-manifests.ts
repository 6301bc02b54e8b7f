// What kubectl.test.ts applies.
export const web = `
apiVersion: v1
kind: ConfigMap
metadata: {name: settings}
data: {color: blue}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, labels: {app: web}}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - {name: main, image: "reg/web:1", ports: [{containerPort: 80}], env: [{name: A, value: "1"}]}
      - {name: side, image: "reg/side:1"}
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: web}, ports: [{port: 80}]}
`;

/** A label and an environment variable go, a port comes; a list element is named by its merge key. */
export const webChanged = web
  .replace('labels: {app: web}}\nspec:\n  replicas', 'labels: {tier: front}}\nspec:\n  replicas')
  .replace('ports: [{containerPort: 80}], env: [{name: A, value: "1"}]', 'ports: [{containerPort: 81}]')
  .replace('color: blue', 'color: red');

const deployment = (spec: string, container: string) => `
apiVersion: apps/v1
kind: Deployment
metadata: {name: bad}
spec:
  ${spec}
  selector: {matchLabels: {a: b}}
  template: {metadata: {labels: {a: b}}, spec: {containers: [{name: c, ${container}}]}}
`;

export const unknownFields = deployment('foo: 1', 'image: i, imagee: x');
export const wrongType = deployment('replicas: "x"', 'image: i');
export const wrongValue = deployment('replicas: -1', 'image: ""');

export const everyKind = `
apiVersion: v1
kind: Node
metadata: {name: n1, labels: {node-role.kubernetes.io/worker: ""}}
---
apiVersion: v1
kind: PersistentVolume
metadata: {name: pv1}
spec: {capacity: {storage: 1Gi}, accessModes: [ReadWriteOnce], hostPath: {path: /tmp/x}, storageClassName: manual}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: pvc1}
spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}, storageClassName: manual}
---
apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata: {name: sc1}
provisioner: x/y
---
apiVersion: coordination.k8s.io/v1
kind: Lease
metadata: {name: l1}
spec: {holderIdentity: a, leaseDurationSeconds: 5}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: es1, labels: {kubernetes.io/service-name: web}}
addressType: IPv4
endpoints: [{addresses: [10.0.0.1], conditions: {ready: true}}]
ports: [{name: "", port: 80, protocol: TCP}]
---
apiVersion: v1
kind: Event
metadata: {name: e1}
involvedObject: {kind: Pod, name: p1, namespace: default, apiVersion: v1}
reason: Started
message: hello
type: Normal
firstTimestamp: "2026-11-23T21:00:00Z"
lastTimestamp: "2026-11-23T21:00:00Z"
count: 3
source: {component: kubelet, host: n1}
---
apiVersion: apps/v1
kind: ReplicaSet
metadata: {name: rs1}
spec: {replicas: 0, selector: {matchLabels: {a: b}}, template: {metadata: {labels: {a: b}}, spec: {containers: [{name: c, image: i}]}}}
---
apiVersion: v1
kind: Secret
metadata: {name: hidden}
stringData: {password: secret}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: robot}
`;
