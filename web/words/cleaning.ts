// What open_clip does to a text before it tokenizes it (open_clip/tokenizer.py), but for guessing at encodings that
// were mistaken and HTML's rarer names of characters.

/** Cleans a text. */
export type Clean = (text: string) => string;

/** The rules by the name in the model's configuration; undefined for none that is known. */
export function cleaningOf(name: string): Clean | undefined {
  return Object.hasOwn(rules, name) ? rules[name] : undefined;
}

const rules: Readonly<Record<string, Clean>> = {
  whitespace: (text) => withSingleSpaces(basic(text)),
  lower: (text) =>
    withSingleSpaces(basic(text))
      .toLowerCase()
      // U+0345 is not a letter, but its uppercase is; the word pattern skips it.
      .replaceAll('\u0345', ' ')
      // open_clip names its special tokens differently, so these are ordinary words.
      .replace(/<\|(startoftext|endoftext)\|>/g, '<| $1 |>'),
  canonicalize: (text) =>
    withSingleSpaces(
      basic(text)
        .replaceAll('_', ' ')
        .replace(/[!-/:-@[-`{-~]/g, '')
        .toLowerCase(),
    ),
};

/** Python's `" ".join(text.split())`. */
function withSingleSpaces(text: string): string {
  return text.replace(/[\p{White_Space}\x1c-\x1f]+/gu, ' ').replace(/^ | $/g, '');
}

function basic(text: string): string {
  return unescaped(unescaped(ftfy(text)));
}

/** ftfy.fix_text, without its guesses at encodings: https://ftfy.readthedocs.io/en/latest/config.html. */
function ftfy(text: string): string {
  return (text.includes('<') ? text : unescaped(text))
    .replace(/\x1b\[[\d;]*[A-Za-z]/g, '')
    .replace(/[\x80-\x9f]/g, (sign) => windows1252[sign.charCodeAt(0) - 0x80])
    .replace(/[\u0132\u0133\u0149\u01c4-\u01cc\u01f1-\u01f3\ufb00-\ufb06]/g, takeApart)
    .replace(/[\u3000\uff01-\uffef]/g, (sign) => sign.normalize('NFKC'))
    .replace(/[\u201c-\u201f]/g, '"')
    .replace(/[\u02bc\u2018-\u201b]/g, "'")
    .replace(/\r\n?|[\u2028\u2029]/g, '\n')
    .replace(/[\x00-\x08\x0b\x0e-\x1f\x7f\u206a-\u206f\ufeff\ufff9-\ufffc]/g, '')
    .normalize('NFC');
}

/** What bytes from 0x80 on are in Windows' Latin alphabet. Node's TextDecoder does not know. */
const windows1252 =
  '\u20ac\x81\u201a\u0192\u201e\u2026\u2020\u2021\u02c6\u2030\u0160\u2039\u0152\x8d\u017d\x8f\x90\u2018\u2019\u201c\u201d\u2022\u2013\u2014\u02dc\u2122\u0161\u203a\u0153\x9d\u017e\u0178';

/** A ligature's letters; of ﬅ the long s stays. */
function takeApart(ligature: string): string {
  return ligature === '\ufb05' ? '\u017ft' : ligature.normalize('NFKC');
}

const names: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
  nbsp: '\xa0',
};

/** HTML's references to characters by their numbers, and by the commonest names. */
function unescaped(text: string): string {
  return text.replace(
    /&(?:#(\d{1,7})|#[xX]([\da-fA-F]{1,6})|(amp|lt|gt|quot|apos|nbsp));/g,
    (all, decimal, hex, name) => {
      if (name) return names[name as string];
      const code = Number(decimal ?? `0x${String(hex)}`);
      return code > 0 && code <= 0x10ffff && !(code >= 0xd800 && code < 0xe000)
        ? String.fromCodePoint(code)
        : all;
    },
  );
}
