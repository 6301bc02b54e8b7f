// Streams into the containers of pods: exec, attach and port-forward, as tunnels to their nodes. How clients carry them is up to HTTP.
import type { Pod } from '@berth/api';
import type { KubeObject } from '@berth/machinery';
import { type PodConnection, planConnection, podConnection } from '../pod-connection.ts';
import type { Call } from '../types.ts';
import { ofKind, type SubresourceDefinition, type SubresourcePorts } from './subresource.ts';

/** What webhooks and policies say to a stream by its options, which they may change. @throws StatusError */
export async function admitConnect({ admission }: Pick<SubresourcePorts, 'admission'>, call: Call, options: KubeObject): Promise<void> {
  const bodyKind = { group: '', version: 'v1', kind: options.kind };
  const { namespace, name = '' } = call;
  const asked = { ...call, namespace, name, bodyKind, object: options, warnings: [] };
  await admission.admit(() => ({ ...asked, operation: 'CONNECT' }));
}

function stream(name: 'exec' | 'attach' | 'portforward'): SubresourceDefinition {
  return {
    name,
    of: ofKind('', 'Pod'),
    resource: (ports) => ({
      connect: async (call, options, authorizeCreate) => {
        // Whatever a WebSocket begins with, which is a GET, a stream into a pod is more than a read.
        await authorizeCreate();
        await admitConnect(ports, call, options);
        const { kind: _kind, apiVersion: _apiVersion, metadata: _metadata, ...asked } = options;
        const plan = async (port = 0) => {
          const connection = name === 'portforward' ? { port, stdin: true, stdout: true } : (asked as Partial<PodConnection>);
          return planConnection(name, (await ports.read(call)).object as Pod, podConnection(connection));
        };
        await plan();
        return {
          open: async (port) => {
            const { nodeName, request } = await plan(port);
            return ports.nodes.open(nodeName, request, call.signal);
          },
        };
      },
    }),
  };
}

export const podExec = stream('exec');
export const podAttach = stream('attach');
export const podPortForward = stream('portforward');
