// What an agent is sent of its own Node: what it admits pods by, and which volumes are attached to it or known to be in use. A Node is written with every heartbeat, and an agent is sent one only
// when something in it matters to it.
import type { Node } from '@berth/api';
import { deepEqual } from '@berth/machinery';

/** @param before what was sent last; the same again when nothing that matters has changed */
export function nodeView({ apiVersion, kind, metadata, spec, status }: Node, before: Node | undefined): Node {
  const { name, uid, labels = {}, resourceVersion } = metadata;
  const view: Node = {
    ...{ apiVersion, kind },
    metadata: { name, labels, ...(uid && { uid }), ...(resourceVersion && { resourceVersion }) },
    spec: { taints: spec?.taints ?? [] },
    status: {
      allocatable: status?.allocatable ?? {},
      ...(status?.volumesInUse?.length && { volumesInUse: status.volumesInUse }),
      ...(status?.volumesAttached?.length && { volumesAttached: status.volumesAttached }),
    },
  };
  return before && deepEqual(withoutVersion(view), withoutVersion(before)) ? before : view;
}

function withoutVersion({ metadata: { resourceVersion: _, ...metadata }, ...rest }: Node): unknown {
  return { ...rest, metadata };
}
