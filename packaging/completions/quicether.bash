# SPDX-License-Identifier: Apache-2.0
#
# bash completion for quicether; goes to /usr/share/bash-completion/completions/quicether.
# Verbs and options come from the program's own help, so this file need not change with them.

# The verbs below the words given ("", "config").
_quicether_verbs() {
    quicether "$@" --help 2>/dev/null | awk '/^Subcommands:/ {on = 1; next} on && NF == 0 {exit} on {print $1}'
}

_quicether_options() {
    quicether "$@" --help 2>/dev/null | grep -oE '^  +(-[a-zA-Z],)?--[a-z0-9-]+' | grep -oE -- '--[a-z0-9-]+'
}

_quicether_peers() {
    quicether peers --json 2>/dev/null | grep -oE '"name":"[^"]+"' | cut -d'"' -f4 | sort -u
}

_quicether() {
    local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}
    local -a verbs=()
    local word
    for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
        [[ $word == -* ]] && break
        verbs+=("$word")
    done
    case $previous in
        --config | --policy | --audit-log | --socket | validate | show)
            mapfile -t COMPREPLY < <(compgen -f -- "$current"); return ;;
        --state-dir)
            mapfile -t COMPREPLY < <(compgen -d -- "$current"); return ;;
        ping | find | multipath | explain)
            [[ $current == -* ]] ||
                { mapfile -t COMPREPLY < <(compgen -W "$(_quicether_peers)" -- "$current"); return; } ;;
    esac
    if [[ $current == -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$(_quicether_options "${verbs[@]}")" -- "$current")
    else
        mapfile -t COMPREPLY < <(compgen -W "$(_quicether_verbs "${verbs[@]}")" -- "$current")
    fi
}

complete -F _quicether quicether
