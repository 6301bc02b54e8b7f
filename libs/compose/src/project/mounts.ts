// Volumes of a service: [SOURCE:]TARGET[:MODE], or with a key for each. A source that begins with `.`, `/` or `~` is a path, else a volume's name.
import { ComposeError } from '../compose-error.ts';
import type { Mount } from './service.ts';

const propagations = ['private', 'rprivate', 'slave', 'rslave', 'shared', 'rshared'];
/** What Docker does for other systems. */
const withoutEffect = ['rw', 'z', 'Z', 'cached', 'delegated', 'consistent', 'copy', ''];
const types = ['volume', 'bind', 'tmpfs', 'image'] as const;

export interface LongMount {
  type?: string;
  source?: string;
  target?: string;
  read_only?: boolean;
  bind?: { propagation?: string; create_host_path?: boolean };
  volume?: { nocopy?: boolean; subpath?: string };
  tmpfs?: { size?: string };
  image?: { subpath?: string };
}

/** @param absolute makes a path of one that is relative to the file @throws ComposeError without a place */
export function mountOf(given: string | LongMount, absolute: (path: string) => string): Mount {
  const mount = typeof given === 'string' ? shortMount(given) : longMount(given);
  if (!mount.target.startsWith('/')) throw new ComposeError(`${JSON.stringify(mount.target)} is no absolute path in the container`);
  return mount.type === 'bind' ? { ...mount, source: absolute(mount.source ?? '') } : mount;
}

function shortMount(text: string): Mount {
  const parts = text.split(':');
  if (parts.length > 3 || parts.some((part, index) => part === '' && index < 2))
    throw new ComposeError(`${JSON.stringify(text)} is no volume: it is [SOURCE:]TARGET[:MODE]`);
  const [first = '', second, mode = ''] = parts;
  if (second === undefined) return { type: 'volume', target: first };
  const mount: Mount = { type: /^[./~]/.test(first) ? 'bind' : 'volume', source: first, target: second };
  for (const word of mode.split(',')) {
    if (word === 'ro') mount.readOnly = true;
    else if (word === 'nocopy') mount.noCopy = true;
    else if (propagations.includes(word)) mount.propagation = word;
    else if (!withoutEffect.includes(word))
      throw new ComposeError(`${JSON.stringify(text)}: ${word} is no mode: there are ro, rw and nocopy`);
  }
  return mount;
}

function longMount(given: LongMount): Mount {
  const { source, target, read_only: readOnly, bind, volume, tmpfs, image } = given;
  const type = types.find((known) => known === (given.type ?? 'volume'));
  if (!type) throw new ComposeError(`type: ${given.type} is none that acts: there are ${types.join(', ')}`);
  if (target === undefined) throw new ComposeError('target is not set');
  if ((type === 'bind' || type === 'image') && !source) throw new ComposeError('source is not set');
  return {
    type,
    target,
    ...(source && type !== 'tmpfs' && { source }),
    ...(readOnly && { readOnly }),
    ...(bind?.propagation && { propagation: bind.propagation }),
    ...(bind?.create_host_path === false && { createHostPath: false }),
    ...(volume?.nocopy && { noCopy: true }),
    ...((volume?.subpath ?? image?.subpath) && { subpath: volume?.subpath ?? image?.subpath }),
    ...(tmpfs?.size && { size: tmpfs.size }),
  };
}
