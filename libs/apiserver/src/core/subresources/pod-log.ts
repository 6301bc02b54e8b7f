// pods/log: what a container has written, as a stream from its node. A read, so that neither webhooks nor policies are asked.
import type { Pod } from '@berth/api';
import { type FieldError, type KubeObject, StatusError } from '@berth/machinery';
import { containerName, noHost, planConnection, podConnection } from '../pod-connection.ts';
import { ofKind, type SubresourceDefinition } from './subresource.ts';

/** As the API has it; what is absent is not asked for. */
export interface PodLogOptions extends KubeObject {
  container?: string;
  follow?: boolean;
  previous?: boolean;
  timestamps?: boolean;
  tailLines?: number;
  limitBytes?: number;
  sinceSeconds?: number;
  /** RFC 3339. */
  sinceTime?: string;
}

export const podLog: SubresourceDefinition = {
  name: 'log',
  of: ofKind('', 'Pod'),
  resource: ({ read, nodes }) => ({
    connect: async (call, options) => {
      const asked = options as PodLogOptions;
      checkLogOptions(asked, call.name ?? '');
      const { container = '', follow = false, previous = false, timestamps = false } = asked;
      const { tailLines, limitBytes, sinceSeconds, sinceTime } = asked;
      const log = { follow, previous, timestamps, tailLines, limitBytes, sinceSeconds, sinceTime };
      const pod = (await read(call)).object as Pod;
      if (!pod.spec.nodeName) return { isEmpty: true, open: unplaced(pod, container) };
      const { nodeName, request } = planConnection('log', pod, podConnection({ container, stdout: true, log }));
      return { open: () => nodes.open(nodeName, request, call.signal) };
    },
  }),
};

/** A pod that is nowhere has written nothing. @throws StatusError BadRequest when it has no such container */
function unplaced(pod: Pod, container: string): () => Promise<never> {
  containerName(pod, container);
  return () => Promise.reject(noHost(pod));
}

/** @throws StatusError Invalid with everything that is wrong, in kube-apiserver's words */
export function checkLogOptions({ tailLines = 0, limitBytes = 1, sinceSeconds, sinceTime }: PodLogOptions, podName: string): void {
  const errors: FieldError[] = [];
  const invalid = (field: string, value: unknown, detail: string) => errors.push({ type: 'Invalid', field, value, detail });
  if (tailLines < 0) invalid('tailLines', tailLines, 'must be greater than or equal to 0');
  if (limitBytes < 1) invalid('limitBytes', limitBytes, 'must be greater than 0');
  if (sinceTime !== undefined && Number.isNaN(Date.parse(sinceTime))) invalid('sinceTime', sinceTime, 'must be a time in RFC 3339');
  if (sinceSeconds !== undefined && sinceTime !== undefined)
    errors.push({ type: 'Forbidden', field: '', detail: 'at most one of `sinceTime` or `sinceSeconds` may be specified' });
  else if (sinceSeconds !== undefined && sinceSeconds < 1) invalid('sinceSeconds', sinceSeconds, 'must be greater than 0');
  if (errors.length > 0) throw StatusError.invalid({ group: '', kind: 'PodLogOptions' }, podName, errors);
}
