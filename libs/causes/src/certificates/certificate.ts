// What of an X.509 certificate (RFC 5280) says whether it will do: from when to when, and for which names. Read by hand, as this also runs in
// the browser, where a library for certificates would be larger than the whole page; nothing is verified here.
import { decodeBase64 } from '@berth/api';

export interface Certificate {
  /** Unix milliseconds. */
  beginsAtMs: number;
  endsAtMs: number;
  /** Names and addresses that it is for, lower case; the common name where there are none, as was the custom. */
  names: string[];
}

const block = /-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]+?)-----END CERTIFICATE-----/g;
const certificatesMax = 200;

/** In their order. @throws CertificateError */
export function readCertificates(pem: string): Certificate[] {
  return [...pem.matchAll(block)].slice(0, certificatesMax).map(([, base64 = '']) => {
    const binary = decodeBase64(base64.replace(/\s/g, '')) ?? '';
    return readCertificate(Uint8Array.from(binary, (byte) => byte.charCodeAt(0)));
  });
}

export class CertificateError extends Error {}

interface Element {
  tag: number;
  content: Uint8Array;
}

const tags = { boolean: 0x01, octets: 0x04, oid: 0x06, utcTime: 0x17, extensions: 0xa3, version: 0xa0, dnsName: 0x82, address: 0x87 };
/** In DER: 2.5.29.17 and 2.5.4.3. */
const oids = { alternativeNames: '551d11', commonName: '550403' };

function readCertificate(der: Uint8Array): Certificate {
  const [certificate] = elements(der);
  const [body] = certificate ? elements(certificate.content) : [];
  const parts = body ? elements(body.content) : [];
  // Certificates of version 1 do not say which they are.
  const [, , , validity, subject, , ...more] = parts[0]?.tag === tags.version ? parts.slice(1) : parts;
  const [begins, ends] = validity ? elements(validity.content).map(timeOf) : [];
  if (begins === undefined || ends === undefined || Number.isNaN(begins + ends) || !subject)
    throw new CertificateError('it is no certificate');
  const alternatives = alternativeNames(more.find(({ tag }) => tag === tags.extensions));
  return { beginsAtMs: begins, endsAtMs: ends, names: alternatives ?? commonNames(subject) };
}

/** @throws CertificateError */
function elements(bytes: Uint8Array): Element[] {
  const found: Element[] = [];
  for (let at = 0; at < bytes.length; ) {
    const tag = bytes[at] ?? 0;
    const first = bytes[at + 1] ?? 0;
    const lengthBytes = first < 0x80 ? 0 : first & 0x7f;
    if (lengthBytes > 3) throw new CertificateError('it is too long for a certificate');
    const length = lengthBytes === 0 ? first : bytes.slice(at + 2, at + 2 + lengthBytes).reduce((sum, byte) => sum * 256 + byte, 0);
    const start = at + 2 + lengthBytes;
    if (start + length > bytes.length) throw new CertificateError('it ends too early');
    found.push({ tag, content: bytes.subarray(start, start + length) });
    at = start + length;
  }
  return found;
}

/** UTCTime has two digits of the year, of which 50 and more are of the last century. */
function timeOf({ tag, content }: Element): number {
  const text = ascii(content);
  const year = tag === tags.utcTime ? `${Number(text.slice(0, 2)) >= 50 ? '19' : '20'}${text.slice(0, 2)}` : text.slice(0, 4);
  const rest = text.slice(tag === tags.utcTime ? 2 : 4);
  const [, month, day, hours, minutes, seconds] = /^(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/.exec(rest) ?? [];
  return Date.parse(`${year}-${month}-${day}T${hours}:${minutes}:${seconds}Z`);
}

function alternativeNames(extensions: Element | undefined): string[] | undefined {
  const [list] = extensions ? elements(extensions.content) : [];
  for (const extension of list ? elements(list.content) : []) {
    const [id, ...values] = elements(extension.content);
    if (id?.tag !== tags.oid || hex(id.content) !== oids.alternativeNames) continue;
    const octets = values.find(({ tag }) => tag === tags.octets);
    const [names] = octets ? elements(octets.content) : [];
    return (names ? elements(names.content) : []).flatMap(({ tag, content }) => {
      if (tag === tags.dnsName) return [ascii(content).toLowerCase()];
      return tag === tags.address ? [addressText(content)] : [];
    });
  }
  return undefined;
}

function commonNames(subject: Element): string[] {
  return elements(subject.content)
    .flatMap(({ content }) => elements(content))
    .flatMap(({ content }) => {
      const [id, value] = elements(content);
      return id && value && hex(id.content) === oids.commonName ? [ascii(value.content).toLowerCase()] : [];
    });
}

function addressText(bytes: Uint8Array): string {
  if (bytes.length === 4) return bytes.join('.');
  return hex(bytes).match(/.{4}/g)?.join(':') ?? '';
}

function ascii(bytes: Uint8Array): string {
  return [...bytes].map((byte) => String.fromCharCode(byte)).join('');
}

function hex(bytes: Uint8Array): string {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}
