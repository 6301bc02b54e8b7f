import { expect, test } from 'vitest';
import { channels, inputMessages, resizeMessage, unframed } from './channels.ts';
import { closedEnding, endingOf } from './ending.ts';
import { type TerminalTarget, terminalLine, terminalPath, wordsOf } from './terminal-target.ts';

const target: TerminalTarget = {
  namespace: 'shop',
  pod: 'web-1',
  container: 'main',
  mode: 'exec',
  command: ['sh', '-c', 'echo a & b'],
  tty: true,
  stdin: true,
};

test('a command is asked for word by word, and kubectl is told the same', () => {
  expect(terminalPath(target)).toBe(
    '/api/v1/namespaces/shop/pods/web-1/exec?container=main&stdout=true&tty=true&stdin=true&command=sh&command=-c&command=echo+a+%26+b',
  );
  expect(terminalLine(target)).toBe("kubectl -n shop exec -it web-1 -c main -- sh -c 'echo a & b'");
});

test('without a terminal errors come apart, and who may not type is not asked to', () => {
  const attached: TerminalTarget = { ...target, mode: 'attach', command: [], tty: false, stdin: false };
  expect(terminalPath(attached)).toBe(
    '/api/v1/namespaces/shop/pods/web-1/attach?container=main&stdout=true&tty=false&stdin=false&stderr=true',
  );
  expect(terminalLine(attached)).toBe('kubectl -n shop attach web-1 -c main');
});

test.each([
  ['sh -c "echo \\"a b\\""', ['sh', '-c', 'echo "a b"']],
  ["  env  A='x y'z ", ['env', 'A=x yz']],
  ['a\\ b', ['a b']],
  ['', []],
  ['   ', []],
  ["''", ['']],
  ['echo "open', undefined],
  ["it's", undefined],
  ['ends\\', undefined],
])('%s is parted into words as a shell does', (text, words) => {
  expect(wordsOf(text)).toEqual(words);
});

test('a paste of 100 KB is sent in pieces that are together what was pasted', () => {
  const pasted = Uint8Array.from({ length: 100_000 }, (_, index) => index % 251);
  const messages = [...inputMessages(pasted)].map((message) => unframed(message.buffer));
  expect(messages.every((message) => message?.channel === channels.stdin)).toBe(true);
  expect(messages.length).toBe(4);
  expect(messages.flatMap((message) => [...(message?.data ?? [])])).toEqual([...pasted]);
});

test('a size is told as JSON on its channel, and what is no message is none', () => {
  const message = unframed(resizeMessage(80, 24).buffer);
  expect(message?.channel).toBe(channels.resize);
  expect(JSON.parse(new TextDecoder().decode(message?.data))).toEqual({ Width: 80, Height: 24 });
  expect([unframed('text'), unframed(new ArrayBuffer(0)), unframed(undefined)]).toEqual([undefined, undefined, undefined]);
});

const failure = (code: string) =>
  JSON.stringify({ status: 'Failure', reason: 'NonZeroExitCode', details: { causes: [{ reason: 'ExitCode', message: code }] } });

test.each([
  ['{"metadata":{},"status":"Success"}', true, 'Ended with exit code 0.'],
  [failure('3'), false, 'Ended with exit code 3.'],
  [failure('127'), false, 'Ended with exit code 127: there is no such command in the container.'],
  [failure('no number'), false, 'It failed, and the server did not say why.'],
  ['{"status":"Failure","message":"container main is not running"}', false, 'container main is not running'],
  ['not JSON', false, 'not JSON'],
  ['', false, 'It ended, and the server did not say why.'],
  ['null', false, 'null'],
])('the last word %s is told', (text, isGood, words) => {
  expect(endingOf(text)).toEqual({ isGood, text: words });
});

test('a connection that ends without a word says what is known of it', () => {
  expect(closedEnding(1006, '').text).toContain('broke');
  expect(closedEnding(1001, '').text).toContain('control plane is stopping');
  expect(closedEnding(1008, 'too much').text).toContain('too much');
});
