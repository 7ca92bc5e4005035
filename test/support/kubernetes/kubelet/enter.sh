# Becomes PID 1 of a container: mounts what the table says, makes ROOT its root, gives up every capability, runs the
# command. Runs as the container's user in namespaces of its own. Standard error tells how far it came and what went
# wrong on the way; the command's own standard error is file 3.
# usage: enter.sh ROOT TABLE HOSTNAME DIRECTORY COMMAND...
set -e
containerPath=$PATH
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
root=$1 table=$2 name=$3 directory=$4
shift 4
read -r pid rest < /proc/self/stat
echo "pid $pid" >&2
mount -a -T "$table"
hostname "$name"
cd "$root"
pivot_root . .old
cd /
umount -l /.old
PATH=$containerPath
cd -- "$directory"
if ! command -v -- "$1" > /dev/null; then
  echo "missing" >&2
  exit 128
fi
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
setpriv=$(command -v setpriv)
PATH=$containerPath
umask 022
unset OLDPWD PWD
echo "ready" >&2
exec 2>&3 3>&-
exec "$setpriv" --no-new-privs --ambient-caps -all --inh-caps -all --bounding-set -all -- "$@"
