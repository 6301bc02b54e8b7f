// Base64 as Go's encoding/base64 holds it against its rules, with the position that Kubernetes' errors name.

/** Where Go's decoder stops, which leaves line ends out; undefined for base64. */
export function base64Error(text: string): string | undefined {
  if (text.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(text)) return undefined;
  const at = base64Stop(text);
  return at === undefined ? undefined : `illegal base64 data at input byte ${at}`;
}

/** Four characters at a time, of which the last two may be padding, and nothing behind it. */
function base64Stop(text: string): number | undefined {
  const bytes = [...text].flatMap((character, at) => (character === '\r' || character === '\n' ? [] : [{ character, at }]));
  for (let start = 0; start < bytes.length; start += 4) {
    const outside = bytes.slice(start, start + 4).findIndex(({ character }) => !/[A-Za-z0-9+/]/.test(character));
    // What ends too early is told of where its last group begins.
    if (outside < 0 && start + 4 > bytes.length) return text.length - (bytes.length - start);
    if (outside < 0) continue;
    const [found, next, after] = bytes.slice(start + outside);
    if (found?.character !== '=' || outside < 2) return found?.at;
    if (outside === 3) return next?.at;
    if (next === undefined) return text.length;
    return next.character === '=' ? after?.at : next.at;
  }
  return undefined;
}
