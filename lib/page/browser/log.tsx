import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { useLog, type LogView } from "./hooks";
import { Dialog, Trouble } from "./parts";
import { taskText } from "./words";

/** Whose output is shown. */
export interface LogOf {
  readonly job: string;
  readonly region?: string;
  readonly namespace?: string;
  readonly allocation: string;
  readonly task: string;
}

interface LogProps {
  readonly environment: string;
  readonly of: LogOf;
  readonly onClose: () => void;
}

/** So much is kept on the page, in characters: what came first goes. */
const MOST = 1024 * 1024;
/** So near to the end, in pixels, somebody counts as reading it, and goes along with what comes. */
const NEAR = 24;

/** What a task writes, as it writes it. */
export function LogDialog({ environment, of, onClose }: LogProps) {
  const { allocation, task } = of;
  const [stream, setStream] = useState<"stdout" | "stderr">("stdout");
  const shown = useRef<HTMLPreElement>(null);
  const [isEmpty, setIsEmpty] = useState(true);
  const query = new URLSearchParams({ ...of, stream });
  const path = `/api/environments/${encodeURIComponent(environment)}/log/events?${query.toString()}`;
  const view = useMemo(() => logView(() => shown.current, setIsEmpty), []);
  const { state, trouble } = useLog(path, view);
  useEffect(() => {
    shown.current?.replaceChildren();
    setIsEmpty(true);
  }, [path]);
  return (
    <Dialog title={`${task} of ${allocation.slice(0, 8)}`} onClose={onClose} wide>
      <fieldset class="choices">
        <legend>Stream</legend>
        {(["stdout", "stderr"] as const).map((each) => (
          <label key={each}>
            <input type="radio" name="stream" checked={stream === each} onChange={() => setStream(each)} /> {each}
          </label>
        ))}
      </fieldset>
      {trouble !== undefined && <Trouble>{trouble}</Trouble>}
      <p class="quiet live" role="status">
        {stateInWords(state, trouble !== undefined, isEmpty)}
      </p>
      <pre ref={shown} class="log" tabIndex={0} role="region" aria-label={`What ${task} wrote to ${stream}`} />
      <div class="actions">
        <button type="button" onClick={onClose}>
          Close
        </button>
      </div>
    </Dialog>
  );
}

function stateInWords(state: ReturnType<typeof useLog>["state"], isCut: boolean, isEmpty: boolean): string {
  if (state?.state === "ended") return `${state.message}.${isEmpty ? " It wrote nothing here." : ""}`;
  if (isCut) return "What stands here may be old.";
  if (state === undefined) return "Asking…";
  if (state.state !== "following") return `${state.message}.`;
  return isEmpty ? "Live: it has written nothing yet." : "Live";
}

/**
 * Writes into an element, as text and nothing else: a log may have a million characters, and drawing all of them anew with each line would be slow. What was
 * written first goes.
 */
function logView(element: () => HTMLElement | null, setIsEmpty: (isEmpty: boolean) => void): LogView {
  const add = (text: string, as?: string) => {
    const shown = element();
    if (!shown) return;
    const isAtEnd = shown.scrollHeight - shown.scrollTop - shown.clientHeight < NEAR;
    shown.querySelector(".open")?.remove();
    if (text !== "") {
      const piece = document.createElement("span");
      if (as !== undefined) piece.className = as;
      piece.textContent = text;
      shown.append(piece);
      setIsEmpty(false);
    }
    let length = shown.textContent.length;
    for (let first = shown.firstChild; length > MOST && first && first !== shown.lastChild; first = shown.firstChild) {
      length -= first.textContent?.length ?? 0;
      first.remove();
    }
    if (isAtEnd) shown.scrollTop = shown.scrollHeight;
  };
  return {
    onLines: (text) => add(taskText(text)),
    onOpen: (text) => add(taskText(text), "open"),
    onNote: (message) => add(`(${message})\n`, "note"),
  };
}
