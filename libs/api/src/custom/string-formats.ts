// Formats of strings that a schema may ask for, as Kubernetes' go-openapi reads them. A format that is not here asks for nothing.
import { goTimeError } from '@berth/machinery';
import { dnsLabel, dnsSubdomain } from '../validation/names.ts';

const label = '[a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?';
const hostname = new RegExp(`^${label}(\\.${label})*\\.?$`);
const octet = '(25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)';
const ipv4 = new RegExp(`^${octet}(\\.${octet}){3}$`);
const hexDigits = (pattern: string) => new RegExp(`^${pattern.replaceAll('#', '[0-9a-fA-F]')}$`);
const uuid = (version: string, variant: string) => hexDigits(`#{8}-?#{4}-?${version}#{3}-?${variant}#{3}-?#{12}`);

/** Hexadecimal groups, one gap at most, an IPv4 address at the end if at all. */
function isIpv6(text: string): boolean {
  const [head = '', tail, ...more] = text.split('::');
  if (more.length > 0 || !text.includes(':')) return false;
  const groups = [head, tail].flatMap((part) => (part ? part.split(':') : []));
  const last = groups.at(-1) ?? '';
  const isMixed = ipv4.test(last);
  const length = groups.length + (isMixed ? 1 : 0);
  const plain = isMixed ? groups.slice(0, -1) : groups;
  if (!plain.every((group) => /^[0-9a-fA-F]{1,4}$/.test(group))) return false;
  return tail === undefined ? length === 8 : length < 8;
}

function isCidr(text: string): boolean {
  const [address = '', bits = '', ...more] = text.split('/');
  if (more.length > 0 || !/^(0|[1-9]\d{0,2})$/.test(bits)) return false;
  return (ipv4.test(address) && Number(bits) <= 32) || (isIpv6(address) && Number(bits) <= 128);
}

function isDate(text: string): boolean {
  return /^\d{4}-\d\d-\d\d$/.test(text) && goTimeError(`${text}T00:00:00Z`, false) === undefined;
}

/** A `t` of either case between them; what stands after a second one is not looked at. */
function isDateTime(text: string): boolean {
  const [date = '', time = ''] = text.toLowerCase().split('t');
  const [, hour = '', minute = '', second = ''] = /^(\d\d):(\d\d):(\d\d)(.\d+)?(z|[+-]\d\d:\d\d)$/.exec(time) ?? [];
  return isDate(date) && hour !== '' && hour <= '23' && minute <= '59' && second <= '59';
}

const cardPattern =
  /^(?:4\d{12}(?:\d{3})?|5[1-5]\d{14}|6(?:011|5\d\d)\d{12}|3[47]\d{13}|3(?:0[0-5]|[68]\d)\d{11}|(?:2131|1800|35\d{3})\d{11})$/;

/** Whatever stands between the digits; the last one proves the others (Luhn). */
function isCreditCard(text: string): boolean {
  const digits = text.replace(/\D+/g, '');
  const doubled = (digit: number) => (digit > 4 ? digit * 2 - 9 : digit * 2);
  const sum = [...digits].reverse().reduce((total, digit, i) => total + (i % 2 === 1 ? doubled(Number(digit)) : Number(digit)), 0);
  return cardPattern.test(digits) && sum % 10 === 0;
}

function isIsbn10(text: string): boolean {
  const given = text.replace(/[\s-]+/g, '');
  const value = (digit: string) => (digit === 'X' ? 10 : Number(digit));
  return /^\d{9}[\dX]$/.test(given) && [...given].reduce((total, digit, i) => total + (i + 1) * value(digit), 0) % 11 === 0;
}

function isIsbn13(text: string): boolean {
  const given = text.replace(/[\s-]+/g, '');
  return /^\d{13}$/.test(given) && [...given].reduce((total, digit, i) => total + (i % 2 === 0 ? 1 : 3) * Number(digit), 0) % 10 === 0;
}

const shade = '\\s*(0|[1-9]\\d?|1\\d\\d?|2[0-4]\\d|25[0-5])\\s*';
const rgbColor = new RegExp(`^rgb\\(${shade},${shade},${shade}\\)$`);

function isUri(text: string): boolean {
  return /^([a-zA-Z][a-zA-Z0-9+.-]*:|\/)\S*$/.test(text) && !/%(?![0-9a-fA-F]{2})/.test(text);
}

const goDuration = /^[+-]?(\d+(\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h)((\d+(\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h))*$/;
const scalaDuration =
  /^\s*\d+\s*(ns|nanos?|nanoseconds?|us|µs|micros?|microseconds?|ms|millis?|milliseconds?|s|secs?|seconds?|m|mins?|minutes?|h|hrs?|hours?|d|days?|w|weeks?)\s*$/;

const checks: Record<string, (text: string) => boolean> = {
  byte: (text) => text !== '' && /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(text),
  bsonobjectid: (text) => /^[0-9a-f]{24}$/i.test(text),
  cidr: isCidr,
  date: isDate,
  creditcard: isCreditCard,
  datetime: isDateTime,
  duration: (text) => text === '0' || goDuration.test(text) || scalaDuration.test(text),
  email: (text) => /^[^\s@<>,;:"()[\]\\]+@[^\s@<>,;:"()[\]\\]+$/.test(text),
  hexcolor: (text) => /^#?([0-9a-fA-F]{3}|[0-9a-fA-F]{6})$/.test(text),
  hostname: (text) => text.length <= 255 && hostname.test(text),
  ipv4: (text) => ipv4.test(text),
  ipv6: isIpv6,
  isbn: (text) => isIsbn10(text) || isIsbn13(text),
  isbn10: isIsbn10,
  isbn13: isIsbn13,
  k8slongname: (text) => dnsSubdomain(text).length === 0,
  k8sshortname: (text) => dnsLabel(text).length === 0,
  mac: (text) => /^([0-9a-f]{2}([:-])[0-9a-f]{2}(\2[0-9a-f]{2}){4}|([0-9a-f]{4}\.){2}[0-9a-f]{4})$/i.test(text),
  password: () => true,
  rgbcolor: (text) => rgbColor.test(text),
  ssn: (text) => /^\d{3}[- ]?\d{2}[- ]?\d{4}$/.test(text),
  uri: isUri,
  uuid: (text) => uuid('#', '#').test(text),
  uuid3: (text) => uuid('3', '#').test(text),
  uuid4: (text) => uuid('4', '[89abAB]').test(text),
  uuid5: (text) => uuid('5', '[89abAB]').test(text),
};

/** Whether definitions may ask for the format: all others ask for nothing. */
export function knowsFormat(format: string): boolean {
  return Object.hasOwn(checks, format.replaceAll('-', ''));
}

/** Whether a string has the format, or the format is not known. */
export function hasFormat(format: string, text: string): boolean {
  const name = format.replaceAll('-', '');
  const check = Object.hasOwn(checks, name) ? checks[name] : undefined;
  return check?.(text) ?? true;
}
