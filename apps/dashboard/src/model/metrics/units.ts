// Numbers of charts in the units that people read: cores, bytes by powers of two, shares, seconds; and the round numbers between.
import { cpuText, memoryText } from '../node-usage.ts';

export type Unit = 'cores' | 'bytes' | 'bytesPerSecond' | 'share' | 'seconds' | 'perSecond' | 'count';

export function unitText(unit: Unit, value: number): string {
  const sign = value < 0 ? '−' : '';
  return sign + texts[unit](Math.abs(value));
}

const texts: Record<Unit, (value: number) => string> = {
  cores: (value) => (value > 0 && value < 0.001 ? '< 0.001' : cpuText(value)),
  bytes: memoryText,
  bytesPerSecond: (value) => `${memoryText(value)}/s`,
  share: (value) => `${shortNumber(value * 100)} %`,
  seconds: secondsText,
  perSecond: (value) => `${shortNumber(value)}/s`,
  count: shortNumber,
};

/** Three digits or so. */
function shortNumber(value: number): string {
  if (value > 0 && value < 0.01) return '< 0.01';
  if (value >= 10_000) return `${shortNumber(value / 1000)} k`;
  const digits = value < 10 ? 2 : value < 100 ? 1 : 0;
  return String(Number(value.toFixed(digits)));
}

function secondsText(value: number): string {
  if (value === 0) return '0 s';
  if (value < 0.001) return `${shortNumber(value * 1_000_000)} µs`;
  if (value < 1) return `${shortNumber(value * 1000)} ms`;
  return value < 120 ? `${shortNumber(value)} s` : `${shortNumber(value / 60)} min`;
}

/** Round numbers from 0 to past `max`, about `wanted` of them; the last is the top of the chart. */
export function ticks(unit: Unit, max: number, wanted: number): number[] {
  if (!(max > 0) || !Number.isFinite(max)) return [0, 1];
  const step = roundUp(unit, max / wanted);
  const count = Math.max(1, Math.ceil(max / step - 1e-9));
  return Array.from({ length: count + 1 }, (_, index) => Number((index * step).toPrecision(12)));
}

/** 1, 2 or 5 of a power of ten; of bytes, of that of a binary unit; what is counted has no fractions. */
function roundUp(unit: Unit, value: number): number {
  if (unit === 'count') return Math.max(1, decimalStep(value));
  if (unit !== 'bytes' && unit !== 'bytesPerSecond') return decimalStep(value);
  const base = 1024 ** Math.max(0, Math.floor(Math.log2(value) / 10));
  const step = Math.max(1, decimalStep(value / base));
  return step > 500 ? base * 1024 : step * base;
}

function decimalStep(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  const factor = [1, 2, 5, 10].find((candidate) => candidate * power >= value * (1 - 1e-9)) ?? 10;
  // Powers below 1 are not exact: 3 times 0.1 is not 0.3.
  return Number((factor * power).toPrecision(12));
}
