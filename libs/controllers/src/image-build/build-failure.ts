// Where a build failed: the line of its Dockerfile, from what buildah wrote last, and what to do. Pure.

export interface BuildFailure {
  /** From 1; undefined when it failed outside of the Dockerfile. */
  line: number | undefined;
  /** As the Dockerfile has it. */
  instruction: string | undefined;
  message: string;
  remedy: string;
}

const remedies: [RegExp, string][] = [
  [
    /(?:error creating build container|unable to|initializing source|pinging container registry|short-name|reading manifest|manifest unknown|no such host)/i,
    'name a base image that the cluster can pull: one of its registry, or FROM scratch',
  ],
  [/no space left on device/i, 'make room on the node (berth doctor), or leave files out with .dockerignore'],
  [/COPY|ADD|no such file or directory.*stat|copier: stat/i, 'look whether the file is in the folder, and not left out by .dockerignore'],
  [/unknown instruction|syntax|parse/i, 'mend the line'],
];

/** @param output of the build, its last lines */
export function buildFailure(output: string, dockerfile: string): BuildFailure {
  const errors = output.split('\n').filter((text) => /^(?:Error|error)\b/.test(text));
  const message = (errors.at(-1) ?? output.trimEnd().split('\n').at(-1) ?? '').replace(/^Error:\s*/, '');
  const step = /building at STEP "(.*?)": /s.exec(message)?.[1] ?? lastStep(output);
  const found = step === undefined ? undefined : lineOf(step, dockerfile);
  const said = /building at STEP ".*?": (.*)/s.exec(message)?.[1] ?? message;
  return { line: found?.line, instruction: found?.instruction, message: said, remedy: remedyOf(message, step) };
}

function remedyOf(message: string, step: string | undefined): string {
  if (step?.startsWith('RUN') && /exit status (\d+)/.test(message))
    return 'the lines before it are what the command wrote; mend the command, or run it in a pod of the image before it (--target)';
  return remedies.find(([form]) => form.test(message))?.[1] ?? 'the lines before it say more';
}

function lastStep(output: string): string | undefined {
  return output
    .split('\n')
    .map((text) => /^(?:\[\d+\/\d+\] )?STEP \d+(?:\/\d+)?: (.*)$/.exec(text)?.[1])
    .findLast((step) => step !== undefined && !step.startsWith('COMMIT'));
}

interface Line {
  line: number;
  instruction: string;
}

/** Instructions by their words: buildah writes them with variables put in and spaces made one, so that the one that is most alike is it. */
function lineOf(step: string, dockerfile: string): Line | undefined {
  const wanted = words(step);
  let best: (Line & { alike: number }) | undefined;
  for (const found of instructions(dockerfile)) {
    const own = words(found.instruction);
    if (own[0]?.toUpperCase() !== wanted[0]?.toUpperCase()) continue;
    const alike = own.filter((word, index) => word === wanted[index]).length / Math.max(own.length, wanted.length);
    if (!best || alike > best.alike) best = { ...found, alike };
  }
  return best && { line: best.line, instruction: best.instruction };
}

function words(text: string): string[] {
  return text.trim().split(/\s+/);
}

function instructions(dockerfile: string): Line[] {
  const found: Line[] = [];
  let open: Line | undefined;
  for (const [index, raw] of dockerfile.split('\n').entries()) {
    const text = raw.trim();
    if (text === '' || text.startsWith('#')) continue;
    const part = text.replace(/\\$/, '').trim();
    if (open) open.instruction += ` ${part}`;
    else {
      open = { line: index + 1, instruction: part };
      found.push(open);
    }
    if (!text.endsWith('\\')) open = undefined;
  }
  return found;
}
