#!/usr/bin/env bash
# Stands in workerd's place where wrangler starts the server's script. Wrangler kills what it replaces, and with it would go
# every socket that came through it, though those end in the objects. So only this shell is killed, and the workerd behind
# it told to drain: it takes nothing new and ends with its last socket, which is what a deploy does in production.
# DEVPOCKET_WORKERD is the real one. Its inspector takes any port, for its predecessor may still hold the asked one.
"$DEVPOCKET_WORKERD" "${@/#--inspector-addr=*/--inspector-addr=127.0.0.1:0}" <&0 &
workerd=$!
exec 9> >(cat >/dev/null; kill -TERM "$workerd" 2>/dev/null)
wait "$workerd"
