// The lines of an answer that goes on: each as soon as it is whole, none longer than a limit. Where the answer ends within a
// line, that is an error: readline would pass the half line on as if it were whole.

const newline = 0x0a;

/** @throws Error when the answer breaks off or a line is longer than `lineBytesMax` */
export async function* linesOf(answer: AsyncIterable<Uint8Array>, lineBytesMax: number): AsyncGenerator<string> {
  let parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of answer) {
    let start = 0;
    for (let end = chunk.indexOf(newline); end >= 0; end = chunk.indexOf(newline, start)) {
      const line = Buffer.concat([...parts, chunk.subarray(start, end)]).toString('utf8');
      [parts, bytes, start] = [[], 0, end + 1];
      if (line.trim() !== '') yield line;
    }
    parts.push(chunk.subarray(start));
    bytes += chunk.length - start;
    if (bytes > lineBytesMax) throw new Error(`a line of the answer is longer than ${lineBytesMax} bytes`);
  }
  if (bytes > 0) throw new Error('the answer broke off within a line');
}
