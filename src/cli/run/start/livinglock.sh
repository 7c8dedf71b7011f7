#!/bin/sh
# What LIVINGLOCK names in the environment of a command: one word, for every language and every PATH.
exec "${LIVINGLOCK_NODE:?is not set. Only a command that livinglock run has started can call this.}" "$LIVINGLOCK_SCRIPT" "$@"
