// The port to what stands beside a compose file on disk. Paths are absolute.

export interface FileContent {
  /** Absent when it is no UTF-8. */
  text?: string;
  base64: string;
}

export interface ComposeFiles {
  /** Undefined when there is no such file. @throws Error that names it when it cannot be read */
  read(path: string): FileContent | undefined;
  kindOf(path: string): 'file' | 'directory' | undefined;
}

/** Of a POSIX path. */
export function directoryOf(path: string): string {
  const slash = path.lastIndexOf('/');
  return slash <= 0 ? '/' : path.slice(0, slash);
}

/** @param home what `~` is */
export function absolutePath(path: string, directory: string, home: string | undefined): string {
  const whole = path === '~' || path.startsWith('~/') ? `${home ?? '~'}${path.slice(1)}` : path;
  const parts: string[] = [];
  for (const part of (whole.startsWith('/') ? whole : `${directory}/${whole}`).split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  }
  return `/${parts.join('/')}`;
}
