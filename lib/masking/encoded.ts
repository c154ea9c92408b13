import { constants, gunzipSync, inflateSync } from "node:zlib";
import type { Span } from "./known-texts";

/** A part of a text that says another one, in a language of bytes. */
export interface Encoded extends Span {
  /** What it may say, each reading of its own: of base64 it is not known where it begins. */
  readonly readings: readonly string[];
  /** Whether it is packed so tightly that nobody looked at all of it. */
  readonly unread?: true;
}

/** So many packed texts of one text are unpacked, and so much of each, in bytes. */
const MOST_PACKED = 100;
const LARGEST_UNPACKED = 1024 * 1024;

/** Base64 of a text that is long enough to be known inside of longer ones; in lines, also where these stand in a text of JSON, or in a frame. */
const BASE64 =
  /[A-Za-z0-9+/_-]{12,}(?:(?:\r?\n|\\r\\n|\\n)(?:[ \t]{0,40}[│|>])?[ \t]{0,80}[A-Za-z0-9+/_-]{4,}(?![A-Za-z0-9+/_-]))*={0,2}/g;
/** Eight bytes and more by two digits each, with signs between them or not. */
const BASE16 = /(?<![0-9A-Za-z])(?:0x)?[0-9A-Fa-f]{2}(?:[:;,. \t\n-]{0,2}(?:0x)?[0-9A-Fa-f]{2}){7,}|[0-9A-Fa-f]{16,}/g;
/** Eight bytes and more by their numbers, as Go, Python and JavaScript print them. */
const BASE10 = /(?<![\d.])(?:\d{1,3}(?:,[ \t]?|[ \t])){7,}\d{1,3}(?![\d.])/g;

/** The parts of a text that bytes may stand in, and what these say. */
export function* encodedIn(text: string): Generator<Encoded> {
  let packed = 0;
  const read = ({ index, 0: whole }: RegExpExecArray, all: readonly Buffer[]): Encoded => {
    const span = { start: index, end: index + whole.length };
    const readings: string[] = [];
    for (const bytes of all) {
      const unpacked = isPacked(bytes) && (packed += 1) <= MOST_PACKED ? unpack(bytes) : bytes;
      if (unpacked === undefined) return { ...span, readings, unread: true };
      readings.push(...textsOf(unpacked));
      // A text may begin as what is packed does: "XG" is how zlib's bytes begin.
      if (unpacked !== bytes) readings.push(...textsOf(bytes));
    }
    return { ...span, readings };
  };
  for (const match of text.matchAll(BASE64)) {
    const signs = match[0].replaceAll(/\\r|\\n|[^A-Za-z0-9+/_-]/g, "");
    yield read(
      match,
      [0, 1, 2, 3].map((from) => Buffer.from(signs.slice(from), "base64")),
    );
  }
  for (const match of text.matchAll(BASE16)) {
    const digits = match[0].replaceAll("0x", "").replaceAll(/[^0-9A-Fa-f]/g, "");
    yield read(
      match,
      [0, 1].map((from) => Buffer.from(digits.slice(from), "hex")),
    );
  }
  for (const match of text.matchAll(BASE10))
    yield read(match, [Buffer.from(match[0].match(/\d+/g)?.map(Number) ?? [])]);
}

/** So many letters in a row are hardly ever what bytes come to that are no text. */
const LETTERS = /[ -~]{8}/;
const WIDE_LETTERS = /(?:[ -~]\0){4}/;

/** What bytes say in UTF-8, and with two bytes for a letter, as far as they may say something. Most words that only look encoded end here. */
function textsOf(bytes: Buffer): readonly string[] {
  const [text, single] = [bytes.toString(), bytes.toString("latin1")];
  const texts = LETTERS.test(single) || !text.includes("\ufffd") ? [text] : [];
  if (!WIDE_LETTERS.test(single)) return texts;
  const pairs = Buffer.from(bytes.subarray(0, bytes.length - (bytes.length % 2)));
  return [...texts, pairs.toString("utf16le"), pairs.swap16().toString("utf16le")];
}

/** Whether bytes begin as those of gzip or zlib do. https://www.rfc-editor.org/rfc/rfc1952 https://www.rfc-editor.org/rfc/rfc1950 */
function isPacked(bytes: Buffer): boolean {
  if (bytes.length < 8) return false;
  const begin = bytes.readUInt16BE(0);
  return (begin === 0x1f8b && bytes[2] === 8) || ((begin & 0x0f20) === 0x0800 && begin >> 12 <= 7 && begin % 31 === 0);
}

/** What is packed, also where its end is missing; itself where it was nothing of the kind, and undefined where it is too much. */
function unpack(bytes: Buffer): Buffer | undefined {
  const options = { maxOutputLength: LARGEST_UNPACKED, finishFlush: constants.Z_SYNC_FLUSH };
  try {
    return bytes[0] === 0x1f ? gunzipSync(bytes, options) : inflateSync(bytes, options);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE" ? undefined : bytes;
  }
}
