# Becomes process 1 of a machine of its own: systemd over a root file system, with namespaces, cgroups and devices that are its alone. Cgroup v1,
# as this kernel has its controllers there.  boot.sh NAME ROOT
name=$1
root=$2
controllers='cpu cpuacct cpuset memory devices freezer blkio pids'
for tree in $controllers systemd; do
  own=/sys/fs/cgroup/$tree/berth-install-$name
  mkdir -p $own
  if [ $tree = cpuset ]; then
    cat /sys/fs/cgroup/cpuset/cpuset.cpus > $own/cpuset.cpus
    cat /sys/fs/cgroup/cpuset/cpuset.mems > $own/cpuset.mems
    echo 1 > $own/cgroup.clone_children
  fi
  # A machine's share of the cores is not that of one of the processes beside it.
  if [ $tree = cpu ]; then echo 10240 > $own/cpu.shares; fi
  echo $$ > $own/cgroup.procs
done
exec ip netns exec berth-install-$name unshare --mount --uts --ipc --pid --cgroup --fork --kill-child --propagation private sh -ec '
  name=$1 root=$2
  hostname $name
  mount -t proc proc $root/proc
  mount -t sysfs sysfs $root/sys
  mount -t tmpfs -o mode=755 tmpfs $root/sys/fs/cgroup
  for tree in $3; do mkdir $root/sys/fs/cgroup/$tree; mount -t cgroup -o $tree cgroup $root/sys/fs/cgroup/$tree; done
  mkdir $root/sys/fs/cgroup/systemd
  mount -t cgroup -o none,name=systemd cgroup $root/sys/fs/cgroup/systemd
  for folder in run tmp dev; do mount -t tmpfs -o mode=755 tmpfs $root/$folder; done
  for device in /dev/null /dev/zero /dev/full /dev/random /dev/urandom /dev/tty /dev/loop*; do
    [ ! -c $device ] && [ ! -b $device ] && continue
    touch $root$device && mount --bind $device $root$device
  done
  mkdir $root/dev/pts $root/dev/shm
  mount -t devpts -o newinstance,ptmxmode=0666,mode=620,gid=5 devpts $root/dev/pts
  mount -t tmpfs tmpfs $root/dev/shm
  ln -s pts/ptmx $root/dev/ptmx
  ln -s /proc/self/fd $root/dev/fd
  cd $root
  mkdir -p .old
  pivot_root . .old
  umount -l /.old
  rmdir /.old
  exec env -i container=berth PATH=/usr/sbin:/usr/bin:/sbin:/bin /sbin/init systemd.unified_cgroup_hierarchy=0 </dev/null >/dev/null 2>&1
' sh "$name" "$root" "$controllers"
