#!/bin/busybox sh
# Says who answers, and keeps every visit in the volume.
b=/bin/busybox
echo "$($b date -u +%FT%TZ) $HOSTNAME" >> /data/visits
printf 'Content-Type: text/html; charset=utf-8\r\nConnection: close\r\n\r\n'
greeting=$($b cat /etc/hello/greeting)
visits=$($b wc -l < /data/visits)
page="<!doctype html><title>$greeting</title><h1>$greeting</h1><p>Served by <b>$HOSTNAME</b> on $NODE_NAME.</p><p>Visits kept in the volume: $visits</p>"
echo "$page"
