// The program that holds a pod's namespaces: a static ELF of about 220 bytes, written out here instruction by instruction, as
// neither a compiler nor a registry may be assumed. It reaps orphans and exits on SIGTERM or SIGINT; it needs no stack.
//
// It blocks SIGINT, SIGTERM and SIGCHLD and waits for them. Blocking matters: process 1 of a PID namespace never sees a
// signal it has no handler for, unless that signal is blocked, and what is blocked can be waited for without a handler.
//
//   start: rt_sigprocmask(SIG_BLOCK, &set, NULL, 8)
//   wait:  signal = rt_sigtimedwait(&set, NULL, NULL, 8)
//          if (signal == SIGCHLD) goto reap
//          if (signal < 0) goto wait              // interrupted
//          exit(0)
//   reap:  if (wait4(-1, NULL, WNOHANG, NULL) > 0) goto reap
//          goto wait
//   set:   the three signals' bits

export type PauseArchitecture = 'amd64' | 'arm64';

/** One instruction: its bytes, or a function of the distance in bytes to a label. */
type Instruction = { label: string } | { bytes: number[] } | { to: string; length: number; encode(distance: number): number[] };

const sigchld = 17;
/** SIGINT 2, SIGTERM 15 and SIGCHLD 17; signal n is bit n - 1. */
const signalSet = (1 << 1) | (1 << 14) | (1 << 16);

const word = (value: number) => [0, 8, 16, 24].map((shift) => (value >>> shift) & 0xff);
const set = { bytes: [...word(signalSet), ...word(0)] };
const lengthOf = (instruction: Instruction) =>
  'label' in instruction ? 0 : 'bytes' in instruction ? instruction.bytes.length : instruction.length;

/** Distances count from the instruction's own start. */
function assemble(instructions: Instruction[]): Buffer {
  const addresses = new Map<string, number>();
  let address = 0;
  for (const instruction of instructions) {
    if ('label' in instruction) addresses.set(instruction.label, address);
    address += lengthOf(instruction);
  }
  const code: number[] = [];
  for (const instruction of instructions) {
    if ('bytes' in instruction) code.push(...instruction.bytes);
    if ('to' in instruction) code.push(...instruction.encode((addresses.get(instruction.to) ?? Number.NaN) - code.length));
  }
  return Buffer.from(code);
}

/** x86-64: the call's number in eax, arguments in rdi, rsi, rdx, r10. Distances count from the next instruction there. */
function amd64(): Buffer {
  const label = (name: string) => ({ label: name });
  const movEax = (value: number) => ({ bytes: [0xb8, ...word(value)] });
  const jump = (opcode: number, to: string) => ({ to, length: 2, encode: (distance: number) => [opcode, (distance - 2) & 0xff] });
  const lea = (register: number, to: string) => ({ to, length: 7, encode: (d: number) => [0x48, 0x8d, register, ...word(d - 7)] });
  const [leaRdi, leaRsi] = [0x3d, 0x35];
  const [je, js, jg, jmp] = [0x74, 0x78, 0x7f, 0xeb];
  const zeroEdi = { bytes: [0x31, 0xff] };
  const zeroEsi = { bytes: [0x31, 0xf6] };
  const zeroEdx = { bytes: [0x31, 0xd2] };
  const zeroR10 = { bytes: [0x45, 0x31, 0xd2] };
  const r10Is8 = { bytes: [0x41, 0xba, ...word(8)] };
  const ediIsMinus1 = { bytes: [0x83, 0xcf, 0xff] };
  const edxIs1 = { bytes: [0xba, ...word(1)] };
  const compareEax = (value: number) => ({ bytes: [0x83, 0xf8, value] });
  const testEax = { bytes: [0x85, 0xc0] };
  const syscall = { bytes: [0x0f, 0x05] };
  return assemble([
    ...[movEax(14), zeroEdi, lea(leaRsi, 'set'), zeroEdx, r10Is8, syscall],
    ...[label('wait'), movEax(128), lea(leaRdi, 'set'), zeroEsi, zeroEdx, r10Is8, syscall],
    ...[compareEax(sigchld), jump(je, 'reap'), testEax, jump(js, 'wait'), movEax(60), zeroEdi, syscall],
    ...[label('reap'), movEax(61), ediIsMinus1, zeroEsi, edxIs1, zeroR10, syscall, testEax, jump(jg, 'reap'), jump(jmp, 'wait')],
    ...[label('set'), set],
  ]);
}

/** AArch64: the call's number in x8, arguments in x0 to x3. Every instruction is one 32-bit word. */
function arm64(): Buffer {
  const label = (name: string) => ({ label: name });
  const instruction = (value: number) => ({ bytes: word(value) });
  const branch = (to: string, encode: (distance: number) => number) => ({ to, length: 4, encode: (d: number) => word(encode(d)) });
  const movz = (register: number, value: number) => instruction(0xd2800000 | (value << 5) | register);
  const movMinus1 = (register: number) => instruction(0x92800000 | register);
  const adr = (register: number, to: string) => branch(to, (d) => 0x10000000 | ((d & 3) << 29) | (((d >> 2) & 0x7ffff) << 5) | register);
  const compareW0 = (value: number) => instruction(0x7100001f | (value << 10));
  const branchIf = (condition: number, to: string) => branch(to, (d) => 0x54000000 | (((d >> 2) & 0x7ffff) << 5) | condition);
  const [equal, greater] = [0x0, 0xc];
  const branchIfW0Negative = (to: string) => branch(to, (d) => 0x37f80000 | (((d >> 2) & 0x3fff) << 5));
  const jump = (to: string) => branch(to, (d) => 0x14000000 | ((d >> 2) & 0x3ffffff));
  const syscall = instruction(0xd4000001);
  return assemble([
    ...[movz(8, 135), movz(0, 0), adr(1, 'set'), movz(2, 0), movz(3, 8), syscall],
    ...[label('wait'), movz(8, 137), adr(0, 'set'), movz(1, 0), movz(2, 0), movz(3, 8), syscall],
    ...[compareW0(sigchld), branchIf(equal, 'reap'), branchIfW0Negative('wait'), movz(8, 93), movz(0, 0), syscall],
    ...[label('reap'), movz(8, 260), movMinus1(0), movz(1, 0), movz(2, 1), movz(3, 0), syscall],
    ...[compareW0(0), branchIf(greater, 'reap'), jump('wait'), label('set'), set],
  ]);
}

/** An executable file: the ELF header, one program header that maps the whole file readable and executable, the code. */
export function pauseBinary(architecture: PauseArchitecture): Buffer {
  const code = architecture === 'amd64' ? amd64() : arm64();
  const headerBytes = 64 + 56;
  const address = 0x400000;
  const file = Buffer.alloc(headerBytes + code.length);
  file.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]); // magic, 64 bit, little endian, version 1
  file.writeUInt16LE(2, 16); // an executable
  file.writeUInt16LE(architecture === 'amd64' ? 62 : 183, 18); // EM_X86_64, EM_AARCH64
  file.writeUInt32LE(1, 20);
  file.writeBigUInt64LE(BigInt(address + headerBytes), 24); // where it begins to run
  file.writeBigUInt64LE(64n, 32); // program headers follow
  file.writeUInt16LE(64, 52); // this header's size
  file.writeUInt16LE(56, 54); // a program header's size
  file.writeUInt16LE(1, 56); // how many
  file.writeUInt32LE(1, 64); // PT_LOAD
  file.writeUInt32LE(5, 68); // readable, executable
  file.writeBigUInt64LE(BigInt(address), 80);
  file.writeBigUInt64LE(BigInt(address), 88);
  file.writeBigUInt64LE(BigInt(file.length), 96);
  file.writeBigUInt64LE(BigInt(file.length), 104);
  file.writeBigUInt64LE(0x10000n, 112); // alignment that suits pages of 4, 16 and 64 KiB
  file.set(code, headerBytes);
  return file;
}
