// Files as one .zip, stored as they are: weights do not compress. The format: https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT

const table = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = (value >>> 1) ^ (value & 1 ? 0xedb88320 : 0);
  return value;
});

function crc32(bytes) {
  let crc = ~0;
  for (let at = 0; at < bytes.length; at++) crc = (crc >>> 8) ^ table[(crc ^ bytes[at]) & 255];
  return ~crc >>> 0;
}

/** The fields of an entry that its local header and the directory share, as little-endian numbers. */
function fields(crc, size, nameLength) {
  const bytes = new Uint8Array(26);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, 20, true); // the version that is needed to unpack: 2.0
  view.setUint16(2, 0x800, true); // names are UTF-8
  view.setUint16(8, 0x21, true); // 1 January 1980, so that the same model is the same file
  view.setUint32(10, crc, true);
  view.setUint32(14, size, true);
  view.setUint32(18, size, true);
  view.setUint16(22, nameLength, true);
  return bytes;
}

const number = (value, bytes) => Uint8Array.from({ length: bytes }, (_, at) => (value >>> (8 * at)) & 255);

/** A zip of the files, which may have up to 4 GB together. */
export async function exportFolder(files) {
  const parts = [];
  const directory = [];
  let offset = 0;
  for (const file of files) {
    const name = new TextEncoder().encode(file.name);
    const shared = fields(crc32(new Uint8Array(await file.arrayBuffer())), file.size, name.length);
    parts.push(number(0x04034b50, 4), shared, name, file);
    directory.push(number(0x02014b50, 4), number(20, 2), shared, new Uint8Array(10), number(offset, 4), name);
    offset += 30 + name.length + file.size;
  }
  const size = directory.reduce((sum, part) => sum + part.length, 0);
  const count = number(files.length, 2);
  const end = [
    number(0x06054b50, 4),
    number(0, 4),
    count,
    count,
    number(size, 4),
    number(offset, 4),
    number(0, 2),
  ];
  return new Blob([...parts, ...directory, ...end], { type: 'application/zip' });
}
