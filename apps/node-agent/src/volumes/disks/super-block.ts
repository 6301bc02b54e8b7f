// How large a file system says that it is, from its first bytes.
import { open } from 'node:fs/promises';
import type { DiskFileSystem } from '@berth/api';

const readBytes = 4096;

/** Whether the file has grown beyond its file system by at least one of its blocks. */
export async function endsEarly(file: string, fileSystem: DiskFileSystem): Promise<boolean> {
  await using handle = await open(file, 'r');
  const { buffer } = await handle.read(Buffer.alloc(readBytes), 0, readBytes, 0);
  const { size } = await handle.stat();
  const { blocks, blockBytes } = fileSystem === 'xfs' ? xfs(buffer) : ext4(buffer);
  return (blocks + 1n) * blockBytes <= BigInt(size);
}

/** Big-endian, from the beginning (xfs_dsb: sb_blocksize, sb_dblocks). */
function xfs(bytes: Buffer): { blocks: bigint; blockBytes: bigint } {
  return { blockBytes: BigInt(bytes.readUInt32BE(4)), blocks: bytes.readBigUInt64BE(8) };
}

/** Little-endian, after 1024 bytes (ext4_super_block: s_blocks_count_lo, s_log_block_size, s_blocks_count_hi where 64bit is set). */
function ext4(bytes: Buffer): { blocks: bigint; blockBytes: bigint } {
  const block = bytes.subarray(1024);
  const isLarge = (block.readUInt32LE(0x60) & 0x80) !== 0;
  const high = isLarge ? BigInt(block.readUInt32LE(0x150)) : 0n;
  return { blockBytes: 1024n << BigInt(block.readUInt32LE(0x18)), blocks: (high << 32n) | BigInt(block.readUInt32LE(0x04)) };
}
