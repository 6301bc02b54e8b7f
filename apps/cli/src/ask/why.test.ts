// What is typed and what is printed: subjects, names that were nearly right, lines that matter, answers as text.
import { lineThatMatters } from '@berth/causes';
import { nearestNames } from '@berth/machinery';
import { UsageError } from '@berth/telemetry/command-line';
import { expect, test } from 'vitest';
import { readAsked } from './cluster-options.ts';
import { runWhy, whyText } from './why.ts';
import { readSubject } from './why-subjects.ts';

test('subjects as kubectl takes them', () => {
  const read = (...words: string[]) => {
    const { subject, name } = readSubject(words);
    return `${subject.word}/${name}`;
  };
  expect([read('web'), read('deploy/web'), read('svc', 'web'), read('PVC/data'), read('no/n1')]).toEqual([
    'pod/web',
    'deployment/web',
    'service/web',
    'pvc/data',
    'node/n1',
  ]);
  for (const words of [['deployment/'], ['a/b/c'], ['secret/x'], ['pod', 'a/b']]) expect(() => readSubject(words)).toThrow(UsageError);
  expect(() => readSubject(['constructor/x'])).toThrow('it is one of pod, deployment');
});

test('bad command lines are refused before a cluster is asked', async () => {
  const never = () => {
    throw new Error('nothing is to be printed');
  };
  for (const argv of [[], ['a', 'b', 'c'], ['web', '-o', 'yaml'], ['web', '--nonsense'], ['web', '-f', 'x']])
    await expect(runWhy(argv, never)).rejects.toThrow(UsageError);
  await expect(runWhy(['web', '--kubeconfig', '/nowhere'], never)).rejects.toThrow('/nowhere: cannot be read');
  expect(readAsked(['web', '-n', 'shop', '-o', 'json'])).toMatchObject({ positionals: ['web'], isJson: true });
});

test('names that were meant', () => {
  const names = ['web', 'web-5d8f-x2z', 'worker', 'database'];
  expect(nearestNames('wbe', names)).toEqual(['web']);
  expect(nearestNames('databse', names)).toEqual(['database']);
  expect(nearestNames('web-5d8f', names)).toContain('web-5d8f-x2z');
  expect(nearestNames('completely-other', names)).toEqual([]);
});

test('of a log, the last line that speaks of a failure', () => {
  expect(lineThatMatters('starting\nFATAL: no database\nbye\n\n')).toBe('FATAL: no database');
  expect(lineThatMatters('one\n two \n')).toBe('two');
  expect(lineThatMatters('\n')).toBeUndefined();
  expect(lineThatMatters(`error ${'x'.repeat(1000)}`)).toHaveLength(300);
});

test('an answer: the cause first, then what to do, with the command below it', () => {
  const causes = [{ object: 'pod/web', reason: 'Quota', says: 'no more' }];
  const steps = [{ text: 'raise it', command: 'kubectl edit' }, { text: 'or wait' }];
  expect(whyText({ object: 'deployment/web', isWell: false, summary: 'no pods', causes, steps }, 'shop')).toBe(
    'deployment/web (shop): no pods\nbecause\n  pod/web: Quota: no more\nnext\n  raise it\n    kubectl edit\n  or wait',
  );
  expect(whyText({ object: 'node/a', isWell: true, summary: 'it is ready', causes: [], steps: [] }, undefined)).toBe(
    'node/a: nothing is wrong: it is ready',
  );
});
