// pods/proxy, services/proxy and nodes/proxy: a way, through the tunnels of a node, to what listens there.
import { StatusError } from '@berth/machinery';
import { tunnelStream } from '@berth/protocol';
import type { Passage } from '../resource.ts';
import { FarRequest } from '../webhooks/index.ts';
import { admitConnect } from './pod-streams.ts';
import { proxiedName, proxyTarget } from './proxy-target.ts';
import type { SubresourceDefinition } from './subresource.ts';

const proxied = new Set(['Pod', 'Service', 'Node']);

export const proxy: SubresourceDefinition = {
  name: 'proxy',
  of: ({ group, kind }) => group === '' && proxied.has(kind),
  resource: (ports) => ({
    pass: async (call, options) => {
      const { kind, namespace = '', name = '', signal } = call;
      const named = proxiedName(name);
      if (!named) throw StatusError.badRequest(`invalid ${kind.singular} request ${JSON.stringify(name)}`);
      await admitConnect(ports, { ...call, name: named.name }, options);
      const { nodeName, tunnel, host, secure } = await proxyTarget(ports.lookup, kind.plural, namespace, named);
      const request: Passage['request'] = async ({ method, path, headers, signal: until }) => {
        const stream = tunnelStream(await ports.nodes.open(nodeName, tunnel, signal));
        const far = new FarRequest(stream, { method, path, headers, secure });
        if (until.aborted) far.close();
        else until.addEventListener('abort', () => far.close(), { once: true });
        return far;
      };
      return { host, request };
    },
  }),
};
