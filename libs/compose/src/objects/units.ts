// Durations, sizes and shares of a core as Compose writes them.
import { ComposeError } from '../compose-error.ts';

const secondsOf: Record<string, number> = { us: 1e-6, ms: 1e-3, s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 };
const bytesOf: Record<string, number> = { '': 1, b: 1, k: 2 ** 10, m: 2 ** 20, g: 2 ** 30, t: 2 ** 40 };

/** `1m30s`, `500ms`; probes and grace periods count whole seconds, so that a part of one is one. @throws ComposeError */
export function wholeSeconds(text: string, path: string): number {
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(us|ms|s|m|h|d|w)/g)];
  const isWhole = parts.map(([part]) => part).join('') === text && parts.length > 0;
  if (!isWhole && text !== '0') throw new ComposeError(`${path}: ${JSON.stringify(text)} is no duration such as 30s or 1m30s`);
  return Math.ceil(parts.reduce((sum, [, amount, unit = 's']) => sum + Number(amount) * (secondsOf[unit] ?? 1), 0));
}

/** `512m`, `1gb`, `64KiB`: of 1024 each. @returns a quantity @throws ComposeError */
export function sizeQuantity(text: string, path: string): string {
  const [, amount, unit = ''] = /^(\d+(?:\.\d+)?)\s*([bkmgt]?)(?:i?b)?$/i.exec(text.trim()) ?? [];
  if (amount === undefined) throw new ComposeError(`${path}: ${JSON.stringify(text)} is no size such as 512m or 1gb`);
  const bytes = Math.ceil(Number(amount) * (bytesOf[unit.toLowerCase()] ?? 1));
  for (const [suffix, factor] of [
    ['Gi', 2 ** 30],
    ['Mi', 2 ** 20],
    ['Ki', 2 ** 10],
  ] as const) {
    if (bytes > 0 && bytes % factor === 0) return `${bytes / factor}${suffix}`;
  }
  return String(bytes);
}

/** @returns a quantity @throws ComposeError */
export function cpuQuantity(text: string, path: string): string {
  const cores = Number(text);
  if (text.trim() === '' || !(cores >= 0 && Number.isFinite(cores)))
    throw new ComposeError(`${path}: ${JSON.stringify(text)} is no number of cores such as 0.5`);
  return Number.isInteger(cores) ? String(cores) : `${Math.max(1, Math.round(cores * 1000))}m`;
}
