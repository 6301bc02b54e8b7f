// A container for looking around in a pod that has no shell, as kubectl debug adds one: it stays in the pod until the pod goes.
import type { Pod } from '@berth/api';
import { kubectlLine } from '../kubectl-line.ts';
import { objectPath, types } from '../resource-types.ts';
import { wordsOf } from '../terminal/terminal-target.ts';
import { type Action, strategicPatch } from './action.ts';
import { subjectOf } from './subject.ts';

/** What one chooses, as the value of the action. */
export interface DebugChoice {
  name: string;
  image: string;
  /** The container whose processes it sees; empty for none. */
  target: string;
  /** As typed; empty for what the image runs. */
  command: string;
  profile: string;
}

/** kubectl's, by name: what a debug container may do. */
export const debugProfiles: Record<string, object | undefined> = {
  general: { capabilities: { add: ['SYS_PTRACE'] } },
  baseline: undefined,
  restricted: {
    allowPrivilegeEscalation: false,
    capabilities: { drop: ['ALL'] },
    runAsNonRoot: true,
    seccompProfile: { type: 'RuntimeDefault' },
  },
  netadmin: { capabilities: { add: ['NET_ADMIN', 'NET_RAW'] } },
  sysadmin: { privileged: true },
};

const nameLetters = 'bcdfghjklmnpqrstvwxz2456789';

/** As kubectl makes one. @param random below 1 */
export function debuggerName(random: () => number): string {
  const letters = Array.from({ length: 5 }, () => nameLetters[Math.floor(random() * nameLetters.length)]);
  return `debugger-${letters.join('')}`;
}

/** @returns what is wrong, in words */
export function wrongChoice({ image, command }: DebugChoice): string | undefined {
  if (image.trim() === '') return 'Which image?';
  if (/\s/.test(image.trim())) return 'An image has no blanks.';
  return wordsOf(command) ? undefined : 'A quote is left open.';
}

/** Its value is a `DebugChoice` in JSON. */
export function debugContainer(pod: Pod): Action {
  const subject = subjectOf(types.Pod, pod);
  const { namespace, name } = subject;
  return {
    id: 'debug',
    kind: 'Pod',
    label: 'Add the container',
    title: `Debug ${subject.title}`,
    effect: 'A container is added to the pod and stays until the pod goes. The others go on as they are.',
    access: [subject.may('patch', 'ephemeralcontainers'), subject.may('create', 'attach')],
    before: pod,
    plan: (value) => {
      const choice = JSON.parse(value) as DebugChoice;
      const command = wordsOf(choice.command) ?? [];
      const securityContext = debugProfiles[choice.profile];
      const container = {
        name: choice.name,
        image: choice.image.trim(),
        stdin: true,
        tty: true,
        ...(choice.target && { targetContainerName: choice.target }),
        ...(command.length > 0 && { command }),
        ...(securityContext && { securityContext }),
      };
      return {
        request: {
          method: 'PATCH',
          path: objectPath(types.Pod, namespace, name, 'ephemeralcontainers'),
          contentType: strategicPatch,
          body: { spec: { ephemeralContainers: [container] } },
        },
        kubectl: debugLine(namespace, name, choice, command),
      };
    },
  };
}

function debugLine(namespace: string | undefined, pod: string, choice: DebugChoice, command: string[]): string {
  const options = [`--image=${choice.image.trim()}`, ...(choice.target ? [`--target=${choice.target}`] : [])];
  const rest = command.length > 0 ? ['--', ...command] : [];
  return kubectlLine(namespace, 'debug', '-it', pod, '-c', choice.name, ...options, `--profile=${choice.profile}`, ...rest);
}
