// Warnings as they go out: each once, and together no more than a header can bear, as kube-apiserver bounds them. Webhooks may say what
// they like.

const totalMax = 4 * 1024;
const eachMax = 256;

/** @param texts in the order in which they came; beyond the bound all are cut, and those that come after it are left out */
export function boundedWarnings(texts: readonly string[]): string[] {
  if (texts.length === 0) return [];
  const distinct = [...new Set(texts)].filter((text) => text !== '').map((text) => [...text]);
  const total = distinct.reduce((sum, { length }) => sum + length, 0);
  if (total <= totalMax) return distinct.map((characters) => characters.join(''));
  const kept: string[] = [];
  let written = 0;
  for (const characters of distinct) {
    if (written >= totalMax) break;
    const cut = characters.slice(0, eachMax);
    written += cut.length;
    kept.push(cut.join(''));
  }
  return kept;
}
