// PEM as far as a pure library can read it: blocks, their labels and headers, and that their content is base64 of DER.
// Signatures and certificates themselves are for those who sign and trust them.
import { decodeBase64 } from '../encoding/base64.ts';

export interface PemBlock {
  label: string;
  hasHeaders: boolean;
  /** Base64 without white space. */
  content: string;
  /** Whether the content starts as every DER structure here does, with a sequence. */
  isDer: boolean;
}

const charactersMax = 1024 * 1024;
const blockPattern = /-----BEGIN ([A-Z0-9 ]+)-----\r?\n([^-]*)-----END \1-----/g;

export function pemBlocks(text: string): PemBlock[] {
  if (text.length > charactersMax) return [];
  return [...text.matchAll(blockPattern)].map(([, label = '', body = '']) => {
    const hasHeaders = body.includes(':');
    const content = body.replaceAll(/\s/g, '');
    return { label, hasHeaders, content, isDer: !hasHeaders && isDer(content) };
  });
}

/** Whether base64 text holds a DER sequence. */
export function isDer(content: string): boolean {
  const bytes = decodeBase64(content) ?? '';
  return bytes.length > 2 && bytes.charCodeAt(0) === 0x30;
}
