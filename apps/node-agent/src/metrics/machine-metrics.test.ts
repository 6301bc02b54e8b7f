import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { machineMetrics } from './machine-metrics.ts';

let proc: string;

beforeEach(async () => {
  proc = await mkdtemp(join(tmpdir(), 'proc-'));
});
afterEach(() => rm(proc, { recursive: true }));

async function write(files: Record<string, string>): Promise<void> {
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(proc, name)), { recursive: true });
    await writeFile(join(proc, name), text);
  }
}

const files = {
  stat: 'cpu  100 0 0 0 0 0 0 0 0 0\ncpu0 250 10 100 9000 5 0 1 2 0 0\nintr 777 1 2\nctxt 888\nbtime 1764000000\nprocesses 99\nprocs_running 3\nprocs_blocked 0\n',
  meminfo: 'MemTotal:       16384 kB\nActive(anon):     12 kB\nHugePages_Total:       4\n',
  loadavg: '0.50 1.25 2.00 1/200 999\n',
  'net/dev': 'Inter-|   Receive |  Transmit\n face |bytes packets|bytes\n  eth0: 1000 10 1 2 0 0 0 3 2000 20 4 5 0 0 0 0\n',
  diskstats: ' 254 0 vda 10 1 8 500 20 2 16 700 1 900 1200 0 0 0 0\n   7 0 loop0 5 0 40 1 0 0 0 0 0 0 0\n',
  'self/mounts': '/dev/vda / ext4 rw 0 0\nproc /proc proc rw 0 0\n/dev/vda /no\\040such ext4 rw 0 0\n',
  'sys/fs/file-nr': '1199\t0\t2466174\n',
  'net/snmp': 'Ip: Forwarding\nIp: 1\nTcp: RtoAlgorithm CurrEstab InSegs\nTcp: 1 42 1000\n',
};

it("tells what the machine counts under node-exporter's names", async () => {
  await write(files);
  const text = await machineMetrics(1_764_000_100_500, proc);
  for (const line of [
    'node_time_seconds 1764000100.5',
    'node_boot_time_seconds 1764000000',
    'node_cpu_seconds_total{cpu="0",mode="user"} 2.5',
    'node_cpu_seconds_total{cpu="0",mode="idle"} 90',
    'node_cpu_seconds_total{cpu="0",mode="steal"} 0.02',
    'node_intr_total 777',
    'node_context_switches_total 888',
    'node_memory_MemTotal_bytes 16777216',
    'node_memory_Active_anon_bytes 12288',
    'node_memory_HugePages_Total 4',
    'node_load5 1.25',
    'node_network_receive_bytes_total{device="eth0"} 1000',
    'node_network_receive_drop_total{device="eth0"} 2',
    'node_network_transmit_bytes_total{device="eth0"} 2000',
    'node_network_transmit_errs_total{device="eth0"} 4',
    'node_disk_read_bytes_total{device="vda"} 4096',
    'node_disk_written_bytes_total{device="vda"} 8192',
    'node_disk_io_now{device="vda"} 1',
    'node_disk_io_time_seconds_total{device="vda"} 0.9',
    'node_filesystem_device_error{device="/dev/vda",mountpoint="/",fstype="ext4"} 0',
    'node_filesystem_device_error{device="/dev/vda",mountpoint="/no such",fstype="ext4"} 1',
    'node_filefd_allocated 1199',
    'node_filefd_maximum 2466174',
    'node_netstat_Tcp_CurrEstab 42',
  ])
    expect(text.split('\n'), line).toContain(line);
  expect(text).toMatch(/^node_filesystem_size_bytes\{device="\/dev\/vda",mountpoint="\/",fstype="ext4"\} [1-9]\d+$/m);
  expect(text).not.toContain('loop0');
  expect(text).not.toContain('node_nf_conntrack');
  await write({ 'sys/net/netfilter/nf_conntrack_count': '753\n', 'sys/net/netfilter/nf_conntrack_max': '262144\n' });
  expect(await machineMetrics(0, proc)).toContain('node_nf_conntrack_entries 753\n');
});

it('reads this machine', async () => {
  const text = await machineMetrics(Date.now());
  expect(text).toMatch(/^node_memory_MemAvailable_bytes [1-9]\d+$/m);
  expect(text).toMatch(/^node_filesystem_avail_bytes\{.*mountpoint="\/".*\} [1-9]\d+$/m);
});
