import { readFileSync } from 'node:fs';

/**
 * Whether the processor adds products of uint8 and int8 in 32 bits (AVX512-VNNI, AVX-VNNI). Older ones of its family add pairs of them in 16 bits
 * first, which overflow. No where the system does not say.
 */
export function hasVnni(cpuInfoFile = '/proc/cpuinfo'): boolean {
  try {
    return /^flags\s*:.*\bavx(512)?_vnni\b/m.test(readFileSync(cpuInfoFile, 'utf8'));
  } catch {
    return false;
  }
}
