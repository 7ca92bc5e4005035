#!/bin/sh
# Run in Alpine: lays out under $1 a root file system with a shell and /opt/devpocket/tools, which an init container copies
# into people's environments.
set -eu
root=$1
tools=$root/opt/devpocket/tools
mkdir -p "$tools/bin" "$tools/lib" "$tools/libexec" "$tools/share" "$tools/applets" "$root/bin" "$root/tmp"
chmod 1777 "$root/tmp"

cp /usr/bin/tmux "$tools/libexec/tmux"
# musl's ldd: `name => path (address)`; the C library is the loader itself.
ldd /usr/bin/tmux | awk '$2 == "=>" && $3 !~ /ld-musl/ { print $3 }' | while read -r library; do
  cp -L "$library" "$tools/lib/"
done
cp -L /lib/ld-musl-*.so.1 "$tools/lib/ld-musl.so.1"
mkdir "$tools/share/terminfo"
for place in /usr/share/terminfo /etc/terminfo; do
  [ ! -d "$place" ] || cp -R "$place/." "$tools/share/terminfo/"
done
[ -e "$tools/share/terminfo/x/xterm-256color" ]
cp "$(dirname "$0")/tmux" "$tools/bin/tmux"
chmod 0755 "$tools/bin/tmux"

cp /bin/busybox.static "$tools/bin/busybox"
# What init.sh needs, and what people miss first in a small image. They come last in the PATH there.
for name in basename cat clear cp cut date dd df dirname du env expr false find free grep head hexdump id kill less ln ls \
  mkdir mv nc od pgrep pkill printf ps reset rm sed seq sleep sort stat stty tail tar tee test top touch tr true uname \
  uniq unzip vi watch wc wget which xargs; do
  ln -s ../bin/busybox "$tools/applets/$name"
done

# The shell of the image `tools` itself.
ln -s ../opt/devpocket/tools/bin/busybox "$root/bin/busybox"
for name in sh cat cp id ls mkdir printf; do ln -s busybox "$root/bin/$name"; done
