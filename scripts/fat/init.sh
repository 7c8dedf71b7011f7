#!/bin/sh
# The first process of a User-Mode Linux: runs the tests on FAT, and turns it off. Its root folder is that of the machine, read-only.
# NODE, PROJECT and MODULES are set on its command line.
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
mount -t proc none /proc
mount -t sysfs none /sys
mkdir -p /dev/shm
mount -t tmpfs none /dev/shm
export HOME=/dev/shm TMPDIR=/dev/shm NO_COLOR=1

for name in loop nls_cp437 nls_ascii nls_iso8859-1 nls_utf8 fat vfat; do
  find "$MODULES" -name "$name.ko*" -exec insmod {} \;
done

cd "$PROJECT" || exit
"$NODE" node_modules/vitest/vitest.mjs run --configLoader runner --project integration integration/fat.test.ts \
  < /dev/null > /dev/shm/output 2>&1
status=$?
cat /dev/shm/output
echo "status $status"
echo o > /proc/sysrq-trigger
sleep 60
