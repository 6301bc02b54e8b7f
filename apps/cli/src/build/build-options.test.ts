import { UsageError } from '@berth/telemetry/command-line';
import { expect, test } from 'vitest';
import { readAsked } from '../ask/cluster-options.ts';
import { buildOptions, buildWish } from './build-options.ts';

const wish = (...argv: string[]) => buildWish(readAsked(argv, buildOptions), { HERE: 'x y', KEY: 'k' });

test('the options of a build, as docker build has them', () => {
  const argv = ['-t', 'app:1', '-f', 'Other', '--build-arg', 'A=b=c', '--build-arg=HERE', '--build-arg', 'GONE', '--secret', 'id=k,src=f'];
  expect(wish(...argv, '--secret', 'id=e,env=KEY', '--label', 'a=b', '--target', 'test', '--no-cache', '--cache', 'layers', '.')).toEqual({
    folder: '.',
    tag: 'app:1',
    dockerfile: 'Other',
    buildArguments: ['A=b=c', 'HERE=x y'],
    secrets: [
      { id: 'k', source: { file: 'f' } },
      { id: 'e', source: { variable: 'KEY' } },
    ],
    labels: ['a=b'],
    target: 'test',
    isUncached: true,
    pushSecret: undefined,
    cacheClaim: 'layers',
    memory: '2Gi',
    timeoutSeconds: 3600,
    keepSeconds: 600,
  });
});

test.each([
  [['.'], 'it is: berth build -t NAME DIR'],
  [['-t', 'a'], 'it is: berth build -t NAME DIR'],
  [['-t', 'a', '.', 'more'], 'it is: berth build -t NAME DIR'],
  [['-t', 'a', '--build-arg', '=x', '.'], '--build-arg: "=x" is not NAME=VALUE'],
  [['-t', 'a', '--secret', 'id=../x,src=f', '.'], '--secret: "id=../x,src=f" is not id=ID,src=FILE or id=ID,env=NAME'],
  [['-t', 'a', '--secret', 'id=x', '.'], '--secret: "id=x" is not'],
  [['-t', 'a', '--label', 'x', '.'], '--label: "x" is not NAME=VALUE'],
  [['-t', 'a', '--memory', '2 GB', '.'], '--memory: "2 GB" is no quantity such as 2Gi'],
  [['-t', 'a', '--cache', 'No Name', '.'], '--cache: "No Name" is no name of a claim'],
  [['-t', 'a', '--timeout', '0', '.'], '--timeout: "0" is no number of seconds'],
  [['-t', 'a', '--nonsense', '.'], "Unknown option '--nonsense'"],
])('%j is refused', (argv, message) => {
  expect(() => wish(...argv)).toThrow(UsageError);
  expect(() => wish(...argv)).toThrow(message);
});
