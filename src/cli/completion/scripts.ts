// The scripts only ask `livinglock complete-words` what comes next, so they need not change when the subcommands do.

/** By shell. */
export const SCRIPTS = {
  bash: `# bash completion for livinglock
_livinglock() {
  # bash breaks words at = and : too, but the program must see them whole.
  local words=() word i head at
  for ((i = 1; i <= COMP_CWORD; i++)); do
    word=\${COMP_WORDS[i]}
    if ((\${#words[@]})) && [[ $word == [=:]* || \${COMP_WORDS[i - 1]} == *[=:] ]]; then
      words[\${#words[@]} - 1]+=$word
    else
      words+=("$word")
    fi
  done
  word=\${words[\${#words[@]} - 1]}
  head=\${word%"\${word##*[=:]}"}

  local candidates=() candidate
  while IFS= read -r candidate; do
    candidates+=("\${candidate%%$'\\t'*}")
  done < <("\${COMP_WORDS[0]}" complete-words -- "\${words[@]}" 2>/dev/null)
  COMPREPLY=()
  case \${candidates[0]-} in
    :files) _livinglock_generate -f "\${word#"$head"}" ;;
    :folders) _livinglock_generate -d "\${word#"$head"}" ;;
    :command)
      for ((at = 1; at < COMP_CWORD; at++)); do [[ \${COMP_WORDS[at]} == -- ]] && break; done
      if declare -F _command_offset >/dev/null; then
        _command_offset $((at + 1))
      elif ((COMP_CWORD == at + 1)); then
        _livinglock_generate -c "$word"
      else
        _livinglock_generate -f "$word"
      fi
      ;;
    *)
      for candidate in "\${candidates[@]}"; do
        [[ -n $candidate ]] && COMPREPLY+=("$(printf %q "\${candidate#"$head"}")")
      done
      # A path follows at once.
      [[ \${COMPREPLY[*]-} == file: ]] && compopt -o nospace 2>/dev/null
      ;;
  esac
}
_livinglock_generate() {
  local candidate
  [[ $1 == -c ]] || compopt -o filenames 2>/dev/null
  while IFS= read -r candidate; do
    COMPREPLY+=("$candidate")
  done < <(compgen "$1" -- "$2" | sort -u)
}
complete -F _livinglock livinglock`,
  zsh: `#compdef livinglock
_livinglock() {
  local -a lines described
  local line
  lines=("\${(@f)$("$words[1]" complete-words -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  case $lines[1] in
    :files) _files ;;
    :folders) _files -/ ;;
    :command)
      local at=\${words[(i)--]}
      shift at words
      ((CURRENT -= at))
      _normal
      ;;
    *)
      for line in "\${(@)lines}"; do
        [[ -n $line ]] || continue
        line=\${line//:/\\\\:}
        described+=("\${line/$'\\t'/:}")
      done
      _describe livinglock described
      ;;
  esac
}
if [[ $funcstack[1] == _livinglock ]]; then _livinglock "$@"; else compdef _livinglock livinglock; fi`,
  fish: `# fish completion for livinglock
function __livinglock_complete
  set -l before (commandline -opc)
  set -l current (commandline -ct)
  set -l lines ($before[1] complete-words -- $before[2..-1] "$current" 2>/dev/null)
  switch "$lines[1]"
    case :files
      __fish_complete_path $current
    case :folders
      __fish_complete_directories $current
    case :command
      set -l at (contains -i -- -- $before)
      set -l behind (string escape -- $before[(math $at + 1)..-1])
      complete --do-complete="$behind $current"
    case '*'
      printf '%s\\n' $lines
  end
end
complete --command livinglock --no-files --arguments '(__livinglock_complete)'`,
} as const;
