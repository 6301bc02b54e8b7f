// Completion of commands and options in bash, from the same lists that the command line is read by.

/** @param commands as they are typed, e.g. `token join` @param options without their dashes */
export function bashCompletion(commands: readonly string[], options: readonly string[]): string {
  const firsts = [...new Set(commands.map((command) => command.split(' ')[0]))].sort();
  const seconds = firsts.flatMap((first) => {
    const more = commands.filter((command) => command.startsWith(`${first} `)).map((command) => command.slice(`${first} `.length));
    return more.length > 0 ? [`    ${first}) words=${quoted(more.sort())} ;;`] : [];
  });
  const flags = [...options].sort().map((name) => `--${name}`);
  return `# bash completion for berth
_berth() {
  local current=\${COMP_WORDS[COMP_CWORD]} words=
  case $COMP_CWORD:\${COMP_WORDS[1]} in
    1:*) words=${quoted(firsts)} ;;
  esac
  if [ "$COMP_CWORD" -eq 2 ]; then
    case \${COMP_WORDS[1]} in
${seconds.map((line) => `  ${line}`).join('\n')}
    esac
  fi
  case $current in
    -*) words=${quoted(flags)} ;;
  esac
  if [ -n "$words" ]; then COMPREPLY=($(compgen -W "$words" -- "$current")); else COMPREPLY=($(compgen -f -- "$current")); fi
}
complete -o filenames -F _berth berth
`;
}

function quoted(words: readonly (string | undefined)[]): string {
  return `'${words.join(' ')}'`;
}
