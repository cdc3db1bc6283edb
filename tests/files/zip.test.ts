// What is read of a zip's directory, and each file's bytes; damaged archives are in tests/formats/malformed/zip.ts.
import { describe, expect, it } from '@jest/globals';
import { ByteReader } from '../../web/checkpoint/files/byte-reader.js';
import { accessTo } from '../../web/checkpoint/files/random-access.js';
import { isZip, openEntry, readDirectory } from '../../web/checkpoint/files/zip.js';
import { makeZip, type ArchiveFile } from '../formats/archives.js';
import { failureOf } from '../web/tiny-checkpoint.js';

const text = 'A zip repeats itself. '.repeat(1000);
const bytes = new TextEncoder().encode(text);

async function contentsOf(archive: Uint8Array): Promise<Record<string, string>> {
  const directory = await readDirectory(accessTo(archive, 'a.zip'));
  const contents: Record<string, string> = {};
  for (const entry of directory.entries) {
    const reader = new ByteReader(
      await openEntry(directory, entry),
      entry.name,
      new AbortController().signal,
    );
    contents[entry.name] = new TextDecoder().decode(await reader.read(Infinity));
  }
  return contents;
}

it('an archive begins with a file, or with the end of its empty directory', () => {
  expect(isZip(makeZip([{ name: 'a', data: bytes }]).subarray(0, 4))).toBe(true);
  expect(isZip(makeZip([]).subarray(0, 4))).toBe(true);
  expect(isZip(new TextEncoder().encode('PK\x01\x02'))).toBe(false);
});

describe('the files of an archive', () => {
  it.each<[string, Partial<ArchiveFile>]>([
    ['stored', {}],
    ['deflated', { deflated: true }],
    ['with 64-bit sizes', { deflated: true, zip64: true }],
  ])('%s', async (_, how) => {
    const files = [
      { name: 'folder/first.txt', data: bytes, ...how },
      { name: 'empty.txt', data: new Uint8Array(), ...how },
    ];
    const expected = { 'folder/first.txt': text, 'empty.txt': '' };
    expect(await contentsOf(makeZip(files))).toEqual(expected);
    expect(await contentsOf(makeZip(files, { zip64: true }))).toEqual(expected);
    expect(await contentsOf(makeZip(files, { comment: 'PK\x05\x06 in a comment' }))).toEqual(expected);
  });
});

it('a file whose checksum is wrong fails at its end', async () => {
  const archive = makeZip([{ name: 'a.txt', data: bytes, crc: 1 }]);
  expect(await failureOf(contentsOf(archive))).toMatchObject({ code: 'malformed-archive' });
});
