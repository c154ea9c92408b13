import { logFrame, parseJson, readAnswer, unreadable, type AnswerSource } from "./answers";

/** A piece of what a task wrote, as it lies in one of the files that Nomad keeps of it. */
export interface LogFrame {
  /** The file, such as `alloc/logs/web.stdout.0`; "" in a heartbeat, which comes each second in which nothing was written. */
  readonly file: string;
  /** The number in the file's name: the files follow one another by it. */
  readonly number: number;
  readonly data: Uint8Array;
  /** A place in the file, in bytes, which {@link startOfFirst} makes something of. */
  readonly offset: number;
  /** Whether the file was emptied, and begins anew. */
  readonly isTruncated: boolean;
}

/** No frame of Nomad has more than 64 KiB of data; so many characters there may be between two brackets. */
const LONGEST = 1024 * 1024;

/**
 * Reads the frames of a stream of Nomad's logs, which are objects of JSON with nothing between them.
 *
 * @throws UserError where what comes is none
 * @see https://developer.hashicorp.com/nomad/api-docs/client#stream-logs
 */
export async function* framesOf(chunks: AsyncIterable<Uint8Array>, source: AnswerSource): AsyncGenerator<LogFrame> {
  let rest = "";
  // The scanner goes on where it stopped, so that a frame in many pieces costs no more than one in one.
  const at = { index: 0, depth: 0, isText: false };
  const decoder = new TextDecoder();
  for await (const chunk of chunks) {
    rest += decoder.decode(chunk, { stream: true });
    for (let end = endOfObject(rest, at); end > 0; end = endOfObject(rest, at)) {
      yield frameOf(rest.slice(0, end), source);
      rest = rest.slice(end);
      at.index = 0;
    }
    if (rest.length > LONGEST) throw unreadable(source, "it is no stream of a task's output");
  }
}

/** Where the object ends that a text begins with; 0 where the text ends before. */
function endOfObject(text: string, at: { index: number; depth: number; isText: boolean }): number {
  for (; at.index < text.length; at.index += 1) {
    const code = text.charCodeAt(at.index);
    if (at.isText) {
      if (code === BACKSLASH) at.index += 1;
      else if (code === QUOTE) at.isText = false;
    } else if (code === QUOTE) at.isText = true;
    else if (code === OPENING) at.depth += 1;
    else if (code === CLOSING) {
      at.depth -= 1;
      if (at.depth === 0) return at.index + 1;
    }
  }
  return 0;
}

const [QUOTE, BACKSLASH, OPENING, CLOSING] = [34, 92, 123, 125];

function frameOf(text: string, source: AnswerSource): LogFrame {
  const { File: file, Data, Offset: offset, FileEvent: event } = readAnswer(logFrame, parseJson(text, source), source);
  const number = Number(/\.(\d{1,9})$/.exec(file)?.[1] ?? 0);
  return { file, number, data: Buffer.from(Data, "base64"), offset, isTruncated: event === "file truncated" };
}

/** So many bytes before the end at least must be asked for, that {@link startOfFirst} is right. */
export const LEAST_FROM_END = 128 * 1024;

/**
 * Where the first frame of a stream begins in its file, where at least {@link LEAST_FROM_END} bytes before the end were asked for.
 *
 * Nomad reads 64 KiB at a time, and writes into a frame the place behind its first reading, to which further ones may have been added. A first reading that
 * is shorter is of a file that nobody writes to any more, or of the first one from its beginning.
 */
export function startOfFirst({ offset, data }: LogFrame): number {
  return Math.max(0, offset - data.length);
}
