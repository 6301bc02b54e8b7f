// Archives block by block, as no tar would write them.

export interface Header {
  name?: string;
  prefix?: string;
  /** A digit or letter; default a file. */
  type?: string;
  link?: string;
  mode?: number;
  /** A number, or the field as it is. */
  size?: number | Buffer;
  major?: number;
  minor?: number;
  /** Instead of the right one. */
  sum?: string;
  data?: Buffer | string;
}

const blockBytes = 512;
export const end = Buffer.alloc(2 * blockBytes);

export function entry({ name = 'f', prefix = '', type = '0', link = '', mode = 0o644, sum, ...more }: Header): Buffer {
  const data = Buffer.from(more.data ?? '');
  const { size = data.length } = more;
  const header = Buffer.alloc(blockBytes);
  const text = (value: string, at: number, bytes: number) => header.write(value, at, bytes, 'latin1');
  const octal = (value: number, at: number, bytes: number) => text(`${value.toString(8).padStart(bytes - 1, '0')}\0`, at, bytes);
  text(name, 0, 100);
  octal(mode, 100, 8);
  octal(0, 108, 8);
  octal(0, 116, 8);
  if (typeof size === 'number') octal(size, 124, 12);
  else size.copy(header, 124);
  octal(0, 136, 12);
  text('        ', 148, 8);
  text(type, 156, 1);
  text(link, 157, 100);
  text('ustar\u000000', 257, 8);
  octal(more.major ?? 0, 329, 8);
  octal(more.minor ?? 0, 337, 8);
  text(prefix, 345, 155);
  const total = header.reduce((all, byte) => all + byte, 0);
  text(sum ?? `${total.toString(8).padStart(6, '0')}\0 `, 148, 8);
  return Buffer.concat([header, data, Buffer.alloc((blockBytes - (data.length % blockBytes)) % blockBytes)]);
}

export const file = (name: string, data = 'x', more: Header = {}) => entry({ name, data, ...more });
export const folder = (name: string) => entry({ name, type: '5', mode: 0o755 });
export const link = (name: string, target: string) => entry({ name, type: '2', link: target });
export const hard = (name: string, target: string) => entry({ name, type: '1', link: target });
/** GNU's own for what is longer than its field. */
export const long = (type: 'L' | 'K', text: string) => entry({ name: '././@LongLink', type, data: `${text}\0` });

/** Of what follows, or of everything. */
export function pax(records: Record<string, string | number>, type: 'x' | 'g' = 'x'): Buffer {
  const texts = Object.entries(records).map(([key, value]) => {
    const rest = ` ${key}=${value}\n`;
    let bytes = rest.length + 1;
    while (String(bytes).length + rest.length !== bytes) bytes = String(bytes).length + rest.length;
    return `${bytes}${rest}`;
  });
  return entry({ name: 'pax', type, data: texts.join('') });
}

/** A sparse file of which nothing but its map is there. */
export function sparse(name: string, bytes: string, map: string): Buffer {
  const records = { 'GNU.sparse.major': 1, 'GNU.sparse.minor': 0, 'GNU.sparse.name': name, 'GNU.sparse.realsize': bytes };
  return Buffer.concat([pax(records), entry({ name: 'GNUSparseFile.0/s', data: map.padEnd(blockBytes, '\0') })]);
}

export const base256 = (hex: string) => Buffer.from(hex, 'hex');
