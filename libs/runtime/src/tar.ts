// Tar archives as they are written into images and sent to builders (POSIX.1-2001, pax): what a header has no room for goes into a header before it.
// Nothing is ever as a whole in memory but one file's header.

export interface TarEntry {
  /** Relative, with slashes, without `..`. */
  path: string;
  type: 'file' | 'directory' | 'symlink';
  mode: number;
  uid: number;
  gid: number;
  /** Whole seconds since 1970. */
  mtimeSeconds: number;
  /** Of a link. */
  target?: string;
  /** Of a file: exactly so many bytes follow. */
  size?: number;
  xattrs?: Record<string, Buffer>;
}

const blockBytes = 512;
const nameBytesMax = 100;
/** Eleven octal digits. */
const sizeMax = 8 ** 11 - 1;
const typeFlags = { file: '0', symlink: '2', directory: '5' } as const;

/** What comes before the entry's data. */
export function tarHeader(entry: TarEntry): Buffer {
  const more = paxRecords(entry);
  const own = block(entry, typeFlags[entry.type]);
  if (more.length === 0) return own;
  const pax = block({ ...entry, path: 'pax', target: undefined, size: more.length, mode: 0o644 }, 'x');
  return Buffer.concat([pax, more, padding(more.length), own]);
}

/** What fills the last block of so many bytes. */
export function padding(bytes: number): Buffer {
  return Buffer.alloc((blockBytes - (bytes % blockBytes)) % blockBytes);
}

export const tarEnd = Buffer.alloc(2 * blockBytes);

/** An archive of what is in memory. */
export function tarOf(entries: readonly (TarEntry & { data?: Buffer })[]): Buffer {
  const parts = entries.flatMap(({ data = Buffer.alloc(0), ...entry }) => [
    tarHeader({ ...entry, size: data.length }),
    data,
    padding(data.length),
  ]);
  return Buffer.concat([...parts, tarEnd]);
}

function paxRecords({ path, type, target = '', size = 0, xattrs = {} }: TarEntry): Buffer {
  const records: Buffer[] = [];
  const name = nameOf(path, type);
  if (needsPax(name)) records.push(record('path', Buffer.from(name)));
  if (needsPax(target)) records.push(record('linkpath', Buffer.from(target)));
  if (size > sizeMax) records.push(record('size', Buffer.from(String(size))));
  for (const [key, value] of Object.entries(xattrs)) records.push(record(`SCHILY.xattr.${key}`, value));
  return Buffer.concat(records);
}

/** Its length counts its own digits. */
function record(key: string, value: Buffer): Buffer {
  const rest = Buffer.concat([Buffer.from(` ${key}=`), value, Buffer.from('\n')]);
  let length = rest.length + 1;
  while (String(length).length + rest.length !== length) length = String(length).length + rest.length;
  return Buffer.concat([Buffer.from(String(length)), rest]);
}

function needsPax(text: string): boolean {
  return Buffer.byteLength(text) > nameBytesMax || /[^\x20-\x7e]/.test(text);
}

function nameOf(path: string, type: TarEntry['type']): string {
  return type === 'directory' ? `${path}/` : path;
}

function block({ path, type, mode, uid, gid, mtimeSeconds, target = '', size = 0 }: TarEntry, flag: string): Buffer {
  const header = Buffer.alloc(blockBytes);
  const octal = (value: number, offset: number, length: number) =>
    header.write(`${value.toString(8).padStart(length - 1, '0')}\0`, offset, 'ascii');
  header.write(nameOf(path, flag === 'x' ? 'file' : type), 0, nameBytesMax, 'utf8');
  octal(mode & 0o7777, 100, 8);
  octal(uid, 108, 8);
  octal(gid, 116, 8);
  octal(size > sizeMax ? 0 : size, 124, 12);
  octal(Math.max(0, mtimeSeconds), 136, 12);
  header.write('        ', 148, 'ascii');
  header.write(flag, 156, 'ascii');
  header.write(target, 157, nameBytesMax, 'utf8');
  header.write('ustar\u000000', 257, 'ascii');
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'ascii');
  return header;
}

/** What GNU tar keeps of a volume's files, in archives that it is restored from. */
export const volumeTarOptions = ['--numeric-owner', '--xattrs', '--xattrs-include=*', '--acls', '--sparse'] as const;
