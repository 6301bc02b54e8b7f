// What somebody would send who wants to write elsewhere, or to have the reader fail. Of each: whether it is refused, or comes to something harmless.
import { base256, end, entry, file, folder, hard, link, long, pax, sparse } from './archive-blocks.ts';

/** Either: tar knows its own placeholders of links by their times, and one of them may be as young as what replaces it. */
export type Outcome = 'refused' | 'contained' | 'either';
export type HostileArchive = [name: string, outcome: Outcome, archive: Buffer];

const whole = (...parts: Buffer[]) => Buffer.concat([...parts, end]);
const cut = (bytes: number, ...parts: Buffer[]) => Buffer.concat(parts).subarray(0, bytes);

/** @param outside a folder beside the one that is unpacked into, called `outside`, that holds `file` */
export function hostileArchives(outside: string): HostileArchive[] {
  return [
    ...names(outside),
    ...links(outside),
    ...hardLinks(outside),
    ...kinds(),
    ...longNames(outside),
    ...sizes(),
    ...broken(),
    ...doubles(),
  ];
}

const names = (outside: string): HostileArchive[] => [
  ['an absolute name', 'contained', whole(file(`${outside}/new`))],
  ['an absolute name with many slashes', 'contained', whole(file(`///${outside}/new`))],
  ['a name upwards', 'refused', whole(file('../new'))],
  ['a name down and further upwards', 'refused', whole(file('a/../../new'))],
  ['the folder above', 'refused', whole(folder('..'))],
  ['a folder that ends upwards', 'refused', whole(folder('a/..'), file('a/../../new'))],
  ['a prefix upwards', 'refused', whole(file('new', 'x', { prefix: '..' }))],
  ['an absolute prefix', 'contained', whole(file('new', 'x', { prefix: outside }))],
  ['an empty name', 'refused', whole(file(''))],
  ['a name of slashes', 'contained', whole(folder('////'))],
  ['a name with a line break', 'contained', whole(file('a\nb'))],
];

const links = (outside: string): HostileArchive[] => [
  ['a file through a link out', 'refused', whole(link('out', outside), file('out/new'))],
  ['a file through a relative link out', 'refused', whole(link('out', '../outside'), file('out/new'))],
  ['a file through a link to a link out', 'refused', whole(link('a', 'b'), link('b', outside), file('a/new'))],
  ['a file through a link in a folder', 'refused', whole(folder('d'), link('d/out', '../../outside'), file('d/out/new'))],
  ['a file through a link and upwards', 'refused', whole(link('here', '.'), file('here/../../new'))],
  ['a folder that is swapped for a link', 'either', whole(folder('d'), file('d/ok'), link('d', outside), file('d/new'))],
  ['a link that is swapped for a folder', 'either', whole(link('d', outside), folder('d'), file('d/new'))],
  ['a file in the place of a link to one', 'contained', whole(link('file', `${outside}/file`), file('file', 'bad'))],
  ['a link that is there twice', 'either', whole(link('a', outside), link('a', outside), file('a/new'))],
  ['a folder over a link to one', 'either', whole(link('out', outside), folder('out/'), file('out/new'))],
  ['a link alone', 'contained', whole(link('out', outside))],
];

const hardLinks = (outside: string): HostileArchive[] => [
  ['a hard link out', 'refused', whole(hard('h', `${outside}/file`))],
  ['a hard link out that is written to', 'refused', whole(hard('h', `${outside}/file`), file('h', 'bad'))],
  ['a relative hard link out', 'refused', whole(hard('h', '../outside/file'), file('h', 'bad'))],
  ['a hard link to a link out', 'contained', whole(link('s', `${outside}/file`), hard('h', 's'), file('h', 'bad'))],
  ['a hard link through a link out', 'refused', whole(link('s', outside), hard('h', 's/file'), file('h', 'bad'))],
  ['a hard link to itself', 'refused', whole(hard('h', 'h'))],
  ['a hard link before its file', 'refused', whole(hard('h', 'later'), file('later'))],
];

const kinds = (): HostileArchive[] => [
  ['a device', 'contained', whole(entry({ name: 'null', type: '3', major: 1, minor: 3 }))],
  ['a block device', 'contained', whole(entry({ name: 'loop', type: '4', major: 7, minor: 0 }))],
  ['a file over a device', 'contained', whole(entry({ name: 'null', type: '3', major: 1, minor: 3 }), file('null'))],
  ['a file over a pipe', 'contained', whole(entry({ name: 'p', type: '6' }), file('p'))],
  ['a program of root', 'contained', whole(file('su', 'x', { mode: 0o6755 }))],
  ['an unknown type', 'contained', whole(entry({ name: 'odd', type: 'Q', data: 'x' }))],
  ['the second part of a file', 'refused', whole(entry({ name: 'm', type: 'M', data: 'x' }))],
  ['a list of a folder', 'contained', whole(entry({ name: 'dd/', type: 'D', data: 'Yfile\0\0' }))],
  ['a label', 'contained', whole(entry({ name: 'label', type: 'V' }), file('ok'))],
];

const longNames = (outside: string): HostileArchive[] => [
  ['an absolute name in a record', 'contained', whole(pax({ path: `${outside}/new` }), file('ok'))],
  ['a name upwards in a record', 'refused', whole(pax({ path: '../new' }), file('ok'))],
  ['a link out in a record', 'refused', whole(pax({ linkpath: outside }), link('s', 'ok'), file('s/new'))],
  ['a name upwards for everything', 'refused', whole(pax({ path: '../new' }, 'g'), file('ok'))],
  ['a long name upwards', 'refused', whole(long('L', '../new'), file('ok'))],
  ['a long link out', 'refused', whole(long('K', outside), link('s', 'ok'), file('s/new'))],
  ['a sparse name upwards', 'refused', whole(sparse('../new', '5', '0\n'))],
  ['records that end early', 'refused', whole(entry({ name: 'pax', type: 'x', data: '99999 path=' }), file('ok'))],
];

const sizes = (): HostileArchive[] => [
  ['a negative size', 'refused', whole(entry({ name: 'n', size: base256('ffffffffffffffffffffffff') }), file('ok'))],
  ['a negative size in a record', 'refused', whole(pax({ size: '-5' }), file('ok'))],
  ['a size beyond the end', 'refused', whole(entry({ name: 'n', size: 8 ** 11 - 1 }), file('ok'))],
  ['a size beyond the end in a record', 'refused', whole(pax({ size: '99999999999' }), file('ok'))],
  ['the largest size', 'refused', whole(entry({ name: 'n', size: base256('800000007fffffffffffffff') }))],
  ['a huge sparse file', 'contained', whole(sparse('s', '9223372036854775807', '0\n'))],
  ['a sparse file with data at the end of all', 'refused', whole(sparse('s', '10', '1\n9223372036854775807\n1\n'), Buffer.alloc(512))],
];

const broken = (): HostileArchive[] => [
  ['a wrong checksum', 'refused', whole(file('new', 'x', { sum: '000000\0 ' }), file('ok'))],
  ['no archive', 'refused', Buffer.alloc(2048, 'A')],
  ['nothing', 'refused', Buffer.alloc(0)],
  ['an end in a header, which tar takes for the end of all', 'contained', cut(1200, file('ok'), file('more'))],
  ['an end in a file', 'refused', cut(1024, file('big', 'y'.repeat(3000)))],
];

const doubles = (): HostileArchive[] => [
  ['the same file twice', 'contained', whole(file('a', '1'), file('a', '2'))],
  ['a file that becomes a folder', 'contained', whole(file('a'), folder('a'), file('a/b'))],
  ['a folder that becomes a file', 'refused', whole(folder('a'), file('a/b'), file('a'))],
];
