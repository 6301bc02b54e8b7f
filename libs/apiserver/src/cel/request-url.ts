// URLs as Go reads those of requests: absolute ones, or a path from the root on.

export interface ParsedUrl {
  scheme: string;
  host: string;
  path: string;
  query: string;
}

export class RequestUrl {
  readonly parts: ParsedUrl;

  constructor(parts: ParsedUrl) {
    this.parts = parts;
  }

  /** Undefined for what is none. */
  static parse(text: string): RequestUrl | undefined {
    if (text === '' || hasControls(text)) return undefined;
    const [, scheme = '', rest = ''] = /^(?:([a-zA-Z][-+.a-zA-Z0-9]*):)?(.*)$/s.exec(text) ?? [];
    if (!rest.startsWith('/'))
      return scheme === '' ? undefined : new RequestUrl({ scheme: scheme.toLowerCase(), host: '', path: '', query: '' });
    const [, authority, path = '', query = ''] = /^(?:\/\/([^/?#]*))?([^?#]*)(?:\?([^#]*))?/s.exec(rest) ?? [];
    const host = hostOf(authority ?? '');
    if (host === undefined || !isEscaped(path)) return undefined;
    return new RequestUrl({ scheme: scheme.toLowerCase(), host, path, query });
  }

  /** Without brackets and port. */
  get hostname(): string {
    return this.parts.host.replace(/:\d*$/, '').replace(/^\[(.*)\]$/, '$1');
  }

  get port(): string {
    return /(?:^|\]|[^:\]]):(\d*)$/.exec(this.parts.host)?.[1] ?? '';
  }

  get escapedPath(): string {
    return this.parts.path.replaceAll(/[^-\w.~!$&'()*+,;=:@/[\]%]/gu, encodeURIComponent);
  }

  /** Values by key; what cannot be read is left out. */
  queryValues(): Map<string, string[]> {
    const values = new Map<string, string[]>();
    for (const part of this.parts.query.split('&')) {
      if (part === '' || part.includes(';')) continue;
      const equals = part.indexOf('=');
      const [key, value] = (equals < 0 ? [part, ''] : [part.slice(0, equals), part.slice(equals + 1)]).map(decoded);
      if (key !== undefined && value !== undefined) values.set(key, [...(values.get(key) ?? []), value]);
    }
    return values;
  }
}

function hasControls(text: string): boolean {
  return Array.from(text).some((letter) => letter < ' ' || letter === '\u007f');
}

/** Whether every percent sign begins an escape. */
function isEscaped(text: string): boolean {
  return !/%(?![0-9a-fA-F]{2})/.test(text);
}

/** With its port, without who logs in. */
function hostOf(authority: string): string | undefined {
  const host = authority.slice(authority.lastIndexOf('@') + 1);
  if (!isEscaped(host) || /[\s<>"\\^`{|}]/.test(host)) return undefined;
  if (host.startsWith('[')) return /^\[[^\]]*\](?::\d*)?$/.test(host) ? host : undefined;
  return /^[^:[\]]*(?::\d*)?$/.test(host) ? host : undefined;
}

function decoded(text: string): string | undefined {
  if (!isEscaped(text)) return undefined;
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch (error) {
    // Escapes that are no UTF-8.
    if (error instanceof URIError) return undefined;
    throw error;
  }
}
