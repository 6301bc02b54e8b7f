// Names in the resource group: of pools, drivers, attributes, and identities of shares.
import { type FieldError, invalid, invalidAll, required, tooLong } from '../errors.ts';
import { dnsLabel, dnsSubdomain } from '../names.ts';
import { driverName } from '../volume-sources.ts';

const poolNameBytesMax = 253;
const domainLengthMax = 63;
const identifierLengthMax = 32;
/** Of a domain, a slash and an identifier. */
export const qualifiedLengthMax = domainLengthMax + 1 + identifierLengthMax;
export const labelLengthMax = 63;

const identifierRule =
  "a valid C identifier must start with alphabetic character or '_', followed by a string of alphanumeric characters or '_'" +
  " (e.g. 'my_name',  or 'MY_NAME',  or 'MyName', regex used for validation is '[A-Za-z_][A-Za-z0-9_]*')";

export function label(name: string | undefined, field: string): FieldError[] {
  return invalidAll(field, name ?? '', dnsLabel(name ?? ''));
}

export function poolName(name: string | undefined, field: string): FieldError[] {
  if (!name) return [required(field)];
  const errors = name.length > poolNameBytesMax ? [tooLong(field, poolNameBytesMax)] : [];
  return [...errors, ...name.split('/').flatMap((part) => invalidAll(field, part, dnsSubdomain(part)))];
}

/** `domain/identifier`, or an identifier alone. More slashes than one are not looked at, as in Kubernetes. */
export function qualifiedName(name: string, field: string): FieldError[] {
  const parts = name.split('/');
  const [first = '', second = ''] = parts;
  if (parts.length === 1) return identifier(first, field);
  if (parts.length > 2) return [];
  return [
    ...(first ? driverName(first, field) : [invalid(field, '', 'the domain must not be empty')]),
    ...(second ? identifier(second, field) : [invalid(field, '', 'the name must not be empty')]),
  ];
}

export function fullyQualifiedName(name: string, field: string): FieldError[] {
  const errors = qualifiedName(name, field);
  if (name.includes('/')) return errors;
  return [...errors, invalid(field, name, 'a fully qualified name must be a domain and a name separated by a slash')];
}

function identifier(id: string, field: string): FieldError[] {
  return [
    ...(id.length > identifierLengthMax ? [tooLong(field, identifierLengthMax)] : []),
    ...(/^[A-Za-z_][A-Za-z0-9_]*$/.test(id) ? [] : [invalid(field, id, identifierRule)]),
  ];
}

const hex = '[0-9a-fA-F]';
const dashed = `${hex}{8}-${hex}{4}-${hex}{4}-${hex}{4}-${hex}{12}`;
const anyForm = new RegExp(`^(${dashed}|\\{${dashed}\\}|${hex}{32})$`);
const canonicalRule =
  'uid must be in RFC 4122 normalized form, `xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx` with lowercase hexadecimal characters';
const lengthsOfForms = [32, 36, 38, 45];

/** In Go's words, whose parser takes other forms as well. */
export function uid(text: string, field: string): FieldError[] {
  const bare = text.replace(/^urn:uuid:/i, '');
  const isUrn = bare !== text;
  if (!(isUrn ? new RegExp(`^${dashed}$`) : anyForm).test(bare)) {
    return [invalid(field, text, `error validating uid: ${unreadable(text, isUrn)}`)];
  }
  return text.length === 36 && text === text.toLowerCase() ? [] : [invalid(field, text, canonicalRule)];
}

function unreadable(text: string, isUrn: boolean): string {
  if (!lengthsOfForms.includes(text.length)) return `invalid UUID length: ${text.length}`;
  if (text.length === 45 && !isUrn) return `invalid urn prefix: ${JSON.stringify(text.slice(0, 9))}`;
  return text.length === 38 && !(text.startsWith('{') && text.endsWith('}')) ? 'invalid bracketed UUID format' : 'invalid UUID format';
}
