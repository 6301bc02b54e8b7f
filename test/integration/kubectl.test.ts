// The real kubectl 1.35 against the API: each line is a command and what it prints, both streams together. The commands of
// a topic build on one another, in order.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { KubectlCluster } from './kubectl-cluster.ts';
import { everyKind, unknownFields, web, webChanged, wrongType, wrongValue } from './kubectl-manifests.ts';

let cluster: KubectlCluster;

beforeAll(async () => {
  cluster = await KubectlCluster.start();
  const files = { web, 'web-changed': webChanged, 'unknown-fields': unknownFields, 'wrong-type': wrongType, 'wrong-value': wrongValue };
  for (const [name, content] of Object.entries({ ...files, 'every-kind': everyKind })) await cluster.file(`${name}.yaml`, content);
  await cluster.file('broken.yaml', 'a: b\n c: [d\n');
  await cluster.file('no-kind.yaml', 'apiVersion: v1\nkind: Nope\nmetadata: {name: x}\n');
  await cluster.file('editor.sh', '#!/bin/sh\nsed -i "s/replicas: 4/replicas: 7/" "$1"\n');
});

afterAll(() => cluster?.stop());

/** A command line, what it prints, and its exit code when that is not 0. */
type Step = [command: string, prints: string | RegExp, code?: number];

/** Splits at spaces outside of single quotes. */
function words(line: string): string[] {
  return [...line.matchAll(/(?:'[^']*'|[^ '])+/g)].map(([word]) => word.replaceAll("'", ''));
}

function topic(name: string, steps: Step[]): void {
  describe(name, () => {
    it.each(steps)('kubectl %s', async (command, prints, code = 0) => {
      const ran = await cluster.run(words(command), { env: { EDITOR: './editor.sh' } });
      const printed = ran.stdout + ran.stderr;
      if (typeof prints === 'string') expect(printed.trimEnd()).toBe(prints);
      else expect(printed).toMatch(prints);
      expect(ran.code).toBe(code);
    });
  });
}

topic('the server', [
  ['version', /^Client Version: v1\.35\.\d+\nKustomize Version: .*\nServer Version: v1\.35\.0\+berth\n$/],
  [
    'api-versions',
    /^admissionregistration\.k8s\.io\/v1\napiextensions\.k8s\.io\/v1\napiregistration\.k8s\.io\/v1\napps\/v1\n[\s\S]*\nautoscaling\/v1\nautoscaling\/v2\n[\s\S]*\nstorage\.k8s\.io\/v1\nv1\n$/,
  ],
  [
    'api-resources',
    /^NAME +SHORTNAMES +APIVERSION +NAMESPACED +KIND\n[\s\S]*pods +po +v1 +true +Pod\n[\s\S]*deployments +deploy +apps\/v1/,
  ],
  [
    'api-resources --categories=all -o name',
    /^pods\nreplicationcontrollers\nservices\ndaemonsets.apps\ndeployments.apps\nreplicasets.apps\nstatefulsets.apps\n/,
  ],
  ['cluster-info', /Kubernetes control plane.* is running at .*https:\/\/127\.0\.0\.1:\d+/],
  ['get --raw /livez', 'ok'],
  ['get --raw /readyz?verbose', /^\[\+\]ping ok\n\[\+\]etcd ok\n\[\+\]watch-cache ok\n\[\+\]store-space ok\nreadyz check passed\n$/],
  ['auth whoami', /Username +kubernetes-admin\nGroups +\[system:masters system:authenticated\]\n/],
  ['auth can-i delete nodes', /^(Warning: .*\n)?yes\n/],
  ['auth can-i get pods --as bob', 'no', 1],
  [
    'get pods --as bob',
    /Forbidden\): pods is forbidden: User "bob" cannot list resource "pods" in API group "" in the namespace "default"/,
    1,
  ],
  ['top nodes', /^Error from server \(ServiceUnavailable\): no agents report to this process/, 1],
  ['get nosuch', 'error: the server doesn\'t have a resource type "nosuch"', 1],
  [
    'explain deployment.spec.strategy',
    /GROUP: +apps\nKIND: +Deployment\nVERSION: +v1\n\nFIELD: strategy <DeploymentStrategy>\n[\s\S]*rollingUpdate\t<RollingUpdateDeployment>/,
  ],
  [
    'explain pod.spec.containers --recursive',
    /\n {4}valueFrom\t<EnvVarSource>\n {6}configMapKeyRef\t<ConfigMapKeySelector>\n {8}key\t<string> -required-\n/,
  ],
  ['explain pod.nope', /error: field "nope" does not exist/, 1],
]);

topic('apply', [
  ['apply -f web.yaml', 'configmap/settings created\ndeployment.apps/web created\nservice/web created'],
  ['apply -f web.yaml', 'configmap/settings unchanged\ndeployment.apps/web unchanged\nservice/web unchanged'],
  ['diff -f web-changed.yaml', /-\s+app: web\n\+\s+tier: front\n[\s\S]*-\s+- containerPort: 80\n\+\s+- containerPort: 81/, 1],
  ['apply -f web-changed.yaml', 'configmap/settings configured\ndeployment.apps/web configured\nservice/web unchanged'],
  [
    'get deploy web -o jsonpath={.metadata.labels}{.spec.template.spec.containers[0].ports}{.spec.template.spec.containers[*].env}',
    '{"tier":"front"}[{"containerPort":81,"protocol":"TCP"}]',
  ],
  ['get deploy web -o jsonpath={.spec.template.spec.containers[*].name}', 'main side'],
  ['apply view-last-applied cm/settings', /data:\n {2}color: red\n/],
  [
    'apply -f unknown-fields.yaml',
    /BadRequest\): .*cannot be handled as a Deployment: strict decoding error: unknown field "spec\.foo", unknown field "spec\.template\.spec\.containers\[0\]\.imagee"\n$/,
    1,
  ],
  [
    'apply --validate=warn --dry-run=server -f unknown-fields.yaml',
    /^(?=[\s\S]*Warning: unknown field "spec\.foo"\n)[\s\S]*deployment\.apps\/bad created \(server dry run\)/,
  ],
  ['apply -f wrong-type.yaml', /json: cannot unmarshal string into Go struct field DeploymentSpec\.spec\.replicas of type int32\n$/, 1],
  [
    'apply -f wrong-value.yaml',
    /^The Deployment "bad" is invalid: \n\* spec\.replicas: Invalid value: -1: must be greater than or equal to 0\n\* spec\.template\.spec\.containers\[0\]\.image: Required value\n$/,
    1,
  ],
  ['apply -f broken.yaml', /error: error parsing broken\.yaml: error converting YAML to JSON/, 1],
  ['apply -f no-kind.yaml', /no matches for kind "Nope" in version "v1"\nensure CRDs are installed first\n$/, 1],
  ['apply --server-side --dry-run=server -f web.yaml', /deployment\.apps\/web serverside-applied \(server dry run\)/],
  ['get deploy bad', 'Error from server (NotFound): deployments.apps "bad" not found', 1],
]);

topic('get', [
  ['get deploy', /^NAME +READY +UP-TO-DATE +AVAILABLE +AGE\nweb +0\/2 +0 +0 +\d+s\n$/],
  [
    'get deploy -o wide',
    /^NAME +READY +UP-TO-DATE +AVAILABLE +AGE +CONTAINERS +IMAGES +SELECTOR\nweb +0\/2 +0 +0 +\d+s +main,side +reg\/web:1,reg\/side:1 +app=web\n$/,
  ],
  ['get svc web', /^NAME +TYPE +CLUSTER-IP +EXTERNAL-IP +PORT\(S\) +AGE\nweb +ClusterIP +10\.96\.\d+\.\d+ +<none> +80\/TCP +\d+s\n$/],
  ['get deploy,svc,cm -o name', 'deployment.apps/web\nservice/kubernetes\nservice/web\nconfigmap/settings'],
  [
    'get cm settings -o yaml',
    /^apiVersion: v1\ndata:\n {2}color: red\nkind: ConfigMap\nmetadata:\n {2}annotations:\n[\s\S]*resourceVersion: "\d+"\n {2}uid: [0-9a-f-]{36}\n$/,
  ],
  ['get cm settings -o json', /^\{\n {4}"apiVersion": "v1",\n {4}"data": \{\n {8}"color": "red"\n/],
  ['get deploy,cm -o custom-columns=N:.metadata.name,K:.kind', /^N +K\nweb +Deployment\nsettings +ConfigMap\n$/],
  ["get ns -o 'jsonpath={range .items[*]}{.metadata.name},{end}'", 'default,kube-node-lease,kube-public,kube-system,'],
  [
    'get ns --chunk-size=1 --sort-by=.metadata.name --no-headers',
    /^default +Active +\S+\nkube-node-lease +Active +\S+\nkube-public +Active +\S+\nkube-system +Active +\S+\n$/,
  ],
  ['get deploy -l tier=front -o name', 'deployment.apps/web'],
  ["get deploy -l 'tier notin (front)'", 'No resources found in default namespace.'],
  ['get ns --field-selector metadata.name=default,status.phase=Active -o name', 'namespace/default'],
  ['get pods --field-selector foo=bar', /BadRequest\): .*field label not supported: foo/, 1],
  ['get pods -A', 'No resources found'],
  [
    'get all -A',
    /^NAMESPACE +NAME +TYPE [\s\S]*default +service\/kubernetes [\s\S]*\n\nNAMESPACE +NAME +READY [\s\S]*default +deployment\.apps\/web /,
  ],
]);

topic('create, change and delete', [
  ['create deployment d --image=x:1 --replicas=3', 'deployment.apps/d created'],
  ['create configmap c --from-literal=x=y', 'configmap/c created'],
  ['create namespace other', 'namespace/other created'],
  ['create secret generic s --from-literal=p=q', 'secret/s created'],
  ['create service clusterip v --tcp=80:8080', 'service/v created'],
  ['create serviceaccount a', 'serviceaccount/a created'],
  ['create configmap c', 'error: failed to create configmap: configmaps "c" already exists', 1],
  ['get secret s -o jsonpath={.data.p}', 'cQ=='],
  ['run p --image=busybox --restart=Never --labels=x=y -- sleep 10', 'pod/p created'],
  ['label pod p x=z', "error: 'x' already has a value (y), and --overwrite is false", 1],
  ['label pod p x=z --overwrite', 'pod/p labeled'],
  ['annotate pod p note=hi', 'pod/p annotated'],
  ['get pod p -L x', /^NAME +READY +STATUS +RESTARTS +AGE +X\np +0\/1 +Pending +0 +\d+s +z\n$/],
  ['patch deploy d -p \'{"spec":{"replicas":2}}\'', 'deployment.apps/d patched'],
  ['patch deploy d --type=merge -p \'{"spec":{"replicas":5}}\'', 'deployment.apps/d patched'],
  ['patch deploy d --type=json -p \'[{"op":"replace","path":"/spec/replicas","value":4}]\'', 'deployment.apps/d patched'],
  [
    'patch deploy d --type=json -p \'[{"op":"test","path":"/spec/replicas","value":9}]\'',
    /^Warning: the patch does not apply: testing value \/spec\/replicas failed: test failed\nThe request is invalid: the server rejected our request due to an error in our request\n$/,
    1,
  ],
  ['edit deploy d', 'deployment.apps/d edited'],
  ['wait --for=jsonpath={.spec.replicas}=7 deploy/d --timeout=5s', 'deployment.apps/d condition met'],
  ['scale deploy d --replicas=1', 'deployment.apps/d scaled'],
  ['set image deploy/d x=x:2', 'deployment.apps/d image updated'],
  ['set env deploy/d A=b', 'deployment.apps/d env updated'],
  ['rollout pause deploy/d', 'deployment.apps/d paused'],
  ['rollout pause deploy/d', 'error: deployments.apps "d" is already paused', 1],
  ['rollout resume deploy/d', 'deployment.apps/d resumed'],
  ['rollout restart deploy/d', 'deployment.apps/d restarted'],
  ['rollout history deploy/d', 'deployment.apps/d \nNo rollout history found.'],
  [
    'rollout status deploy/d --timeout=1s',
    /^Waiting for deployment spec update to be observed\.\.\.\n[\s\S]*timed out waiting for the condition/,
    1,
  ],
  ['expose deploy d --port=80 --type=NodePort', 'service/d exposed'],
  ['replace -f web.yaml', 'configmap/settings replaced\ndeployment.apps/web replaced\nservice/web replaced'],
  ['wait --for=condition=Ready pod/p --timeout=1s', 'error: timed out waiting for the condition on pods/p', 1],
  ['delete cm c s', /configmap "c" deleted[\s\S]*Error from server \(NotFound\): configmaps "s" not found/, 1],
  ['delete pod p --now', /^pod "p" deleted/],
  ['wait --for=delete pod/p --timeout=5s', ''],
  ['delete deploy d --cascade=orphan --wait=false', /^deployment\.apps "d" deleted/],
  ['get deploy d -o jsonpath={.metadata.finalizers}', '["orphan"]'],
  ['delete deploy -l app=web --cascade=foreground --wait=false', /^deployment\.apps "web" deleted/],
  ['delete svc v', 'service "v" deleted from default namespace'],
  ['delete ns default', 'Error from server (Forbidden): namespaces "default" is forbidden: this namespace may not be deleted', 1],
  ['delete ns other --wait=false', 'namespace "other" deleted'],
  ['get ns other', /other +Terminating/],
]);

topic('every kind', [
  ['apply -f every-kind.yaml', /^(\S+ created\n){10}$/],
  [
    'get no,pv,pvc,sc,lease,endpointslice,ev,rs,secret,sa',
    /node\/n1 [\s\S]*persistentvolume\/pv1 +1Gi +RWO +Retain [\s\S]*pod\/p1 +hello\n[\s\S]*secret\/hidden +Opaque +1 /,
  ],
  [
    'describe no,pv,pvc,sc,lease,endpointslice,rs,ns,svc,ep,sa',
    /^Name: +n1\nRoles: +worker\n[\s\S]*Name: +pv1\n[\s\S]*Name: +sc1\n[\s\S]*Name: +es1\n[\s\S]*Name: +rs1\n[\s\S]*Name: +kubernetes\n/,
  ],
  ['describe secret hidden', /Type: +Opaque\n\nData\n====\npassword: +6 bytes\n/],
  ['events', /LAST SEEN +TYPE +REASON +OBJECT +MESSAGE\n\S+ \(x3 over \S+\) +Normal +Started +Pod\/p1 +hello\n/],
  ['get events --field-selector involvedObject.name=p1,type!=Warning', /Normal +Started +pod\/p1 +hello\n/],
  ['cordon n1', 'node/n1 cordoned'],
  ['get node n1', /n1 +Unknown,SchedulingDisabled +worker /],
  ['uncordon n1', 'node/n1 uncordoned'],
  ['taint node n1 k=v:NoSchedule', 'node/n1 tainted'],
  ['taint node n1 k-', 'node/n1 untainted'],
  ['drain n1', 'node/n1 cordoned\nnode/n1 drained'],
  ['delete -f every-kind.yaml --wait=false', /^(\S+ "\S+" deleted.*\n){10}$/],
]);

describe('get --watch', () => {
  it('follows what happens', async () => {
    const watch = cluster.spawn(['get', 'cm', '--watch-only', '--output-watch-events']);
    let printed = '';
    watch.stdout.on('data', (chunk) => {
      printed += chunk;
    });
    try {
      // The watch begins with what comes next, so changes are made until one is seen.
      await expect
        .poll(
          async () => {
            await cluster.run(['create', 'configmap', 'seen']);
            await cluster.run(['delete', 'configmap', 'seen']);
            return printed;
          },
          { timeout: 20_000 },
        )
        .toMatch(/ADDED +seen +0 +\S+\nDELETED +seen +0 +\S+\n/);
    } finally {
      watch.kill();
    }
  });
});
