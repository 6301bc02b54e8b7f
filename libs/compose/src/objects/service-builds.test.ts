// What a compose file says of builds, and the images that services then run.
import { expect, test } from 'vitest';
import { firstOf, folder, madeOf, memoryFiles, projectOf } from '../compose-sample.ts';
import { projectObjects } from './project-objects.ts';
import { serviceBuilds } from './service-builds.ts';

const buildsOf = (text: string, files: Record<string, string> = {}, variables = {}) =>
  serviceBuilds(projectOf(text, { files, variables }), memoryFiles(files));

test('the short form is a folder beside the file', () => {
  expect(buildsOf('services: {My_Web: {build: ./web}, db: {image: postgres}}')).toEqual([
    {
      service: 'My_Web',
      name: 'my-web',
      context: `${folder}/web`,
      dockerfile: undefined,
      buildArguments: [],
      labels: [],
      target: undefined,
      isUncached: false,
      isAlways: false,
      secrets: [],
    },
  ]);
});

test('the long form: paths, arguments of the shell, labels, secrets, a target', () => {
  const text = `services:
  web:
    image: team/web:2
    pull_policy: build
    build:
      context: ..
      dockerfile: docker/Web
      args: [A=1, FROM_SHELL, NOWHERE]
      labels: { x: y }
      target: final
      no_cache: true
      secrets: [one, { source: two, target: second }]
secrets: { one: { file: one.txt }, two: { environment: TWO } }`;
  expect(buildsOf(text, { 'one.txt': '1' }, { FROM_SHELL: 's', TWO: '2' })).toMatchObject([
    {
      name: 'team/web:2',
      isAlways: true,
      context: '/home/ann',
      dockerfile: '/home/ann/docker/Web',
      buildArguments: ['A=1', 'FROM_SHELL=s'],
      labels: ['x=y'],
      target: 'final',
      isUncached: true,
      secrets: [
        { id: 'one', base64: btoa('1') },
        { id: 'second', base64: btoa('2') },
      ],
    },
  ]);
});

test('a file over another changes what it names, and extends takes the folder of its own file', () => {
  const over = 'services: {web: {build: {args: {B: 2}, dockerfile: Over}}}';
  const project = projectOf('services: {web: {build: {context: app, args: {A: 1}}}}', {
    files: { 'over.yaml': over },
    also: ['over.yaml'],
  });
  expect(serviceBuilds(project, memoryFiles({}))).toMatchObject([
    { context: `${folder}/app`, dockerfile: `${folder}/app/Over`, buildArguments: ['A=1', 'B=2'] },
  ]);
  const extending = 'services: {web: {extends: {file: common/base.yaml, service: base}}}';
  expect(buildsOf(extending, { 'common/base.yaml': 'services: {base: {build: app}}' })).toMatchObject([
    { context: `${folder}/common/app` },
  ]);
});

test('what was built runs by its digest; before that the service has its name', () => {
  const text = 'services: {web: {build: .}}';
  const imageOf = (made: ReturnType<typeof madeOf>) => firstOf(made).spec.template.spec?.containers[0]?.image;
  expect(imageOf(madeOf(text))).toBe('web');
  const built = new Map([['web', 'localhost:5055/shop/web:latest@sha256:x']]);
  expect(imageOf(projectObjects(projectOf(text), memoryFiles({}), built))).toBe('localhost:5055/shop/web:latest@sha256:x');
});

test.each([
  ['services: {web: {build: {context: ., secrets: [gone]}}}', 'services.web.build.secrets: there is no gone under secrets'],
  [
    'services: {web: {build: {context: ., secrets: [s]}}}\nsecrets: {s: {external: true}}',
    'secrets.s: it is external, which a build cannot read',
  ],
  ['services: {web: {build: {dockerfile_inline: FROM scratch}}}', 'services.web.build: dockerfile_inline is not read'],
  ['services: {web: {build: {contex: .}}}', 'services.web.build.contex: there is no such key: did you mean context?'],
])('%j is refused', (text, message) => expect(() => buildsOf(text)).toThrow(message));
