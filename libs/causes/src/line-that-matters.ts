// Of a log, the one line to be shown beside a fault.

const lineCharactersMax = 300;

/** The last one that speaks of a failure, else the last one. */
export function lineThatMatters(text: string): string | undefined {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  const line = lines.findLast((one) => /error|fatal|panic|exception|cannot|can't|failed|denied|refused/i.test(one)) ?? lines.at(-1);
  return line?.trim().slice(0, lineCharactersMax);
}
