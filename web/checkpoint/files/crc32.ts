// The checksum of zip archives, for entries that are stored uncompressed: DecompressionStream checks only the others.

/**
 * tables[n][b]: the checksum of the byte b followed by n zero bytes. Four tables take four bytes a step,
 * after Kounavis and Berry 2005, "A Systematic Approach to Building High Performance, Software-based, CRC Generators".
 */
const tables = makeTables();

function makeTables(): Uint32Array[] {
  const first = Uint32Array.from({ length: 256 }, (_, byte) => {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
    return crc;
  });
  const list = [first];
  for (let n = 1; n < 4; n++) list.push(list[n - 1].map((crc) => (crc >>> 8) ^ first[crc & 0xff]));
  return list;
}

/** The checksum of bytes that follow others of checksum `crc`. */
export function crc32(bytes: Uint8Array, crc = 0): number {
  const [t0, t1, t2, t3] = tables;
  let c = ~crc;
  let i = 0;
  for (; i + 4 <= bytes.length; i += 4) {
    c ^= bytes[i] | (bytes[i + 1] << 8) | (bytes[i + 2] << 16) | (bytes[i + 3] << 24);
    c = t3[c & 0xff] ^ t2[(c >>> 8) & 0xff] ^ t1[(c >>> 16) & 0xff] ^ t0[c >>> 24];
  }
  for (; i < bytes.length; i++) c = t0[(c ^ bytes[i]) & 0xff] ^ (c >>> 8);
  return ~c >>> 0;
}
