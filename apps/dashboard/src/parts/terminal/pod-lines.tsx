// The commands for what is done from a shell: a port to one's own machine, files in and out.
import type { Pod } from '@berth/api';
import { kubectlLine } from '../../model/kubectl-line.ts';
import { defaultContainer } from '../../model/terminal/pod-containers.ts';
import type { PodRights } from '../../model/terminal/pod-rights.ts';
import { CopyLine } from '../copy-line.tsx';

const portsMax = 6;
/** One's own port for one that only root may open. */
const unprivilegedOffset = 8000;

export function PodLines({ pod, rights }: { pod: Pod; rights: PodRights }) {
  const { namespace, name = '' } = pod.metadata;
  const container = defaultContainer(pod);
  const ports = pod.spec.containers.flatMap((one) => one.ports ?? []).filter(({ protocol }) => !protocol || protocol === 'TCP');
  const forwarded = ports.length > 0 ? ports.slice(0, portsMax).map(({ containerPort }) => containerPort) : [8080];
  const lines: [title: string, text: string][] = [];
  if (rights.execByKubectl) lines.push(['A shell', kubectlLine(namespace, 'exec', '-it', name, '-c', container, '--', 'sh')]);
  if (rights.attachByKubectl) lines.push(['What it writes, from now on', kubectlLine(namespace, 'attach', name, '-c', container)]);
  if (rights.forward) {
    for (const port of forwarded)
      lines.push([`Port ${port} on your machine`, kubectlLine(namespace, 'port-forward', `pod/${name}`, portPair(port))]);
  }
  if (rights.execByKubectl) {
    lines.push(['A file out of it (it needs tar)', kubectlLine(namespace, 'cp', `${name}:/path/to/file`, './file', '-c', container)]);
    lines.push(['A file into it', kubectlLine(namespace, 'cp', './file', `${name}:/path/to/file`, '-c', container)]);
  }
  if (lines.length === 0) return null;
  return (
    <section aria-label="From a shell">
      <h2>From a shell</h2>
      <dl className="lines">
        {lines.map(([title, text]) => (
          <div key={text}>
            <dt>{title}</dt>
            <dd>
              <CopyLine text={text} />
            </dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

function portPair(port: number): string {
  return port < 1024 ? `${port + unprivilegedOffset}:${port}` : String(port);
}
