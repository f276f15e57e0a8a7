/**
 * `nervous completion`: a script for the shell. It knows no command itself: it asks `nervous __complete <words>`, so it need not
 * be made again when commands change.
 */
import { Argument, Command } from 'commander';

const SCRIPTS = {
  bash: `_nervous() {
  local IFS=$'\\n'
  COMPREPLY=($(compgen -W "$(nervous __complete "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _nervous nervous`,
  zsh: `#compdef nervous
_nervous() {
  local -a found
  found=("\${(@f)$(nervous __complete "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  if [[ -n "$found" ]]; then compadd -a found; else _files; fi
}
compdef _nervous nervous`,
  fish: `function __nervous_complete
  set -l words (commandline -opc) (commandline -ct)
  nervous __complete $words[2..-1] 2>/dev/null
end
complete -c nervous -a '(__nervous_complete)'`,
} as const;

export function completionCommand(): Command {
  return new Command()
    .addArgument(new Argument('<shell>', 'for which shell').choices(Object.keys(SCRIPTS)))
    .action((shell: keyof typeof SCRIPTS) => {
      process.stdout.write(`${SCRIPTS[shell]}\n`);
    });
}
