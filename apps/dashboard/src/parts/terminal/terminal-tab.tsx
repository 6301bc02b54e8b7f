// Ways into a pod: a shell in a container, what runs there already, a container for debugging, and the commands for what a browser cannot
// do. Each only for those who may.
import type { Pod } from '@berth/api';
import { useMemo, useState } from 'react';
import { useAccess } from '../../live/use-access.ts';
import { subjectOf } from '../../model/actions/subject.ts';
import { types } from '../../model/resource-types.ts';
import { type PodContainer, podContainers } from '../../model/terminal/pod-containers.ts';
import type { PodRights } from '../../model/terminal/pod-rights.ts';
import type { TerminalTarget } from '../../model/terminal/terminal-target.ts';
import { DebugForm } from './debug-form.tsx';
import { LazyTerminal } from './lazy-terminal.tsx';
import { PodLines } from './pod-lines.tsx';
import { TerminalForm } from './terminal-form.tsx';

export function TerminalTab({ pod }: { pod: Pod }) {
  const rights = usePodRights(pod);
  const [target, setTarget] = useState<TerminalTarget>();
  const containers = useMemo(() => podContainers(pod), [pod]);
  if (!rights) return <p className="quiet">Asking what you may do…</p>;
  const { namespace = '', name = '' } = pod.metadata;
  const open = (chosen: Omit<TerminalTarget, 'namespace' | 'pod'>) => setTarget({ namespace, pod: name, ...chosen });
  const mayNothing = !rights.exec && !rights.attach && !rights.debug;
  return (
    <>
      {mayNothing && (
        <p className="notice bad">
          {rights.execByKubectl
            ? 'You may not get pods/exec, which a terminal in a browser needs besides the right to create it.'
            : `You may not open a terminal in this pod: that takes the rights to get and to create pods/exec or pods/attach in namespace ${namespace}.`}
        </p>
      )}
      {target ? (
        <LazyTerminal target={target} note={noteOn(containers, target)} close={() => setTarget(undefined)} />
      ) : (
        <>
          {(rights.exec || rights.attach) && <TerminalForm pod={pod} containers={containers} rights={rights} open={open} />}
          {rights.debug && <DebugForm pod={pod} containers={containers} open={open} />}
        </>
      )}
      <PodLines pod={pod} rights={rights} />
    </>
  );
}

/** Undefined until all is known. */
function usePodRights(pod: Pod): PodRights | undefined {
  const { namespace = '', name = '' } = pod.metadata;
  const questions = useMemo(() => {
    const { may } = subjectOf(types.Pod, { metadata: { namespace, name } });
    return [
      may('create', 'exec'),
      may('get', 'exec'),
      may('create', 'attach'),
      may('get', 'attach'),
      may('create', 'portforward'),
      may('patch', 'ephemeralcontainers'),
    ];
  }, [namespace, name]);
  const answers = useAccess(questions);
  if (answers.some((answer) => answer === undefined)) return undefined;
  const [createExec = false, getExec = false, createAttach = false, getAttach = false, forward = false, patch = false] = answers;
  const attach = createAttach && getAttach;
  return {
    exec: createExec && getExec,
    attach,
    execByKubectl: createExec,
    attachByKubectl: createAttach,
    forward,
    debug: patch && attach,
  };
}

/** What the pod says of a container whose terminal has ended. */
function noteOn(containers: PodContainer[], { container }: TerminalTarget): string | undefined {
  const own = containers.find(({ name }) => name === container);
  if (own?.isRunning) return undefined;
  return own ? `Container ${container} does not run at present.` : `The pod has no container ${container} any more.`;
}
