// How cells of tables are ordered: numbers, amounts and times of different lengths as what they mean, the rest as text.
import { isQuantity, parseQuantity } from '@berth/machinery';

const padTo = 24;

/** A key of one type for all cells of a column, so that they can be compared. */
export function cellOrder(cell: unknown): string {
  const text = String(cell ?? '');
  const number = typeof cell === 'number' ? cell : /^\d/.test(text) && isQuantity(text) ? parseQuantity(text).toNumber() : undefined;
  // Numbers come before words.
  if (number !== undefined && number >= 0) return `0${number.toFixed(3).padStart(padTo, '0')}`;
  return `1${text}`;
}
