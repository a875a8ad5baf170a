import type { Command, Option } from 'commander';

export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

/** One word that may follow, and what it is. */
interface Word {
  readonly text: string;
  readonly description: string;
}

/** What may follow the words of a command so far. */
interface Place {
  /** `quotes list`; empty at the beginning. */
  readonly path: string;
  readonly commands: readonly Word[];
  readonly options: readonly Word[];
  /** Values of options that have a closed set of them, by flag. */
  readonly values: readonly { readonly flag: string; readonly choices: readonly string[] }[];
}

/** A script for a shell that completes the commands, options and closed values of a program, made from its commands. */
export function completionScript(program: Command, shell: Shell): string {
  return WRITERS[shell](program.name(), placesOf(program, '', program.options));
}

function placesOf(command: Command, path: string, global: readonly Option[]): Place[] {
  const options = [...new Set([...command.options, ...global])].filter((option) => !option.hidden);
  const commands = command.commands.map((sub) => ({ text: sub.name(), description: sub.description() }));
  const place = {
    path,
    commands,
    options: options.flatMap(({ short, long, description }) =>
      [short, long].flatMap((text) => (text === undefined ? [] : [{ text, description }])),
    ),
    values: options.flatMap(({ short, long, argChoices }) =>
      [short, long].flatMap((flag) => (flag === undefined || !argChoices ? [] : [{ flag, choices: argChoices }])),
    ),
  };
  const below = command.commands.flatMap((sub) => placesOf(sub, `${path} ${sub.name()}`.trim(), global));
  return [place, ...below];
}

type Writer = (name: string, places: readonly Place[]) => string;

const wordsOf = ({ commands, options }: Place) => [...commands, ...options].map(({ text }) => text).join(' ');

function bash(name: string, places: readonly Place[]): string {
  const valueCases = places.flatMap(({ path, values }) =>
    values.map(({ flag, choices }) => `    "${path}|${flag}") words="${choices.join(' ')}" ;;`),
  );
  const wordCases = places.map((place) => `    "${place.path}") words="${wordsOf(place)}" ;;`);
  const paths = places.map(({ path }) => `"${path}"`).join('|');
  return `# ${name} completion for bash: eval "$(${name} completion bash)"
_${name}() {
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}" path="" words="" word next
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    next="\${path:+$path }$word"
    case "$next" in ${paths}) path="$next" ;; esac
  done
  case "$path|$previous" in
${valueCases.join('\n')}
    *) case "$path" in
${wordCases.map((line) => `  ${line}`).join('\n')}
    esac ;;
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o default -F _${name} ${name}
`;
}

function zsh(name: string, places: readonly Place[]): string {
  const valueCases = places.flatMap(({ path, values }) =>
    values.map(({ flag, choices }) => `    "${path}|${flag}") compadd -- ${choices.join(' ')}; return ;;`),
  );
  const described = (words: readonly Word[]) =>
    words.map(({ text, description }) => quoted(`${text.replaceAll(':', '\\:')}:${description}`)).join(' ');
  const wordCases = places.map(
    ({ path, commands, options }) => `    "${path}") words_here=(${described([...commands, ...options])}) ;;`,
  );
  return `#compdef ${name}
# ${name} completion for zsh: ${name} completion zsh > a file _${name} in your fpath, or source it after compinit
_${name}() {
  local path_here="" next word
  local -a words_here
  for word in "\${(@)words[2,CURRENT-1]}"; do
    next="\${path_here:+$path_here }$word"
    case "$next" in ${places.map(({ path }) => `"${path}"`).join('|')}) path_here="$next" ;; esac
  done
  case "$path_here|$words[CURRENT-1]" in
${valueCases.join('\n')}
  esac
  case "$path_here" in
${wordCases.join('\n')}
  esac
  _describe '${name}' words_here || _files
}
if [ "$funcstack[1]" = "_${name}" ]; then _${name} "$@"; else compdef _${name} ${name}; fi
`;
}

function fish(name: string, places: readonly Place[]): string {
  const lines = places.flatMap((place) => {
    const here = `-n '__${name}_at "${place.path}"'`;
    const commands = place.commands.map(
      ({ text, description }) => `complete -c ${name} -f ${here} -a ${text} -d ${quoted(description)}`,
    );
    const options = place.options.map(({ text, description }) => {
      const values = place.values.find(({ flag }) => flag === text);
      const flag = text.startsWith('--') ? `-l ${text.slice(2)}` : `-s ${text.slice(1)}`;
      const choices = values === undefined ? '' : ` -x -a ${quoted(values.choices.join(' '))}`;
      return `complete -c ${name} ${here} ${flag}${choices} -d ${quoted(description)}`;
    });
    return [...commands, ...options];
  });
  return `# ${name} completion for fish: ${name} completion fish | source
function __${name}_at
  set -l here
  for word in (commandline -opc)[2..-1]
    set -l next (string trim "$here $word")
    contains -- $next ${places.flatMap(({ path }) => (path === '' ? [] : [quoted(path)])).join(' ')}; and set here $next
  end
  test "$here" = "$argv[1]"
end
${lines.join('\n')}
`;
}

/** In single quotes, for each of the three shells. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", '’')}'`;
}

const WRITERS: Readonly<Record<Shell, Writer>> = { bash, zsh, fish };
