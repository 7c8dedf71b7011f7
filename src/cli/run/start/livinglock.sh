#!/bin/sh
# What LIVINGLOCK names in the environment of a command: one word, for every language and every PATH.
if [ -z "$LIVINGLOCK_NODE" ]; then
  echo 'livinglock: There is no lock to send a heartbeat to: the variables of livinglock run are missing here, as after sudo or env -i.' >&2
  exit 64
fi
exec "$LIVINGLOCK_NODE" "$LIVINGLOCK_SCRIPT" "$@"
