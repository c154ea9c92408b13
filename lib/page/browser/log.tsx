import { useEffect, useRef, useState } from "preact/hooks";
import type { TaskLog } from "../api";
import { useAsked } from "./hooks";
import { Dialog, Trouble } from "./parts";
import { withoutColours } from "./words";

/** Whose output is shown. */
export interface LogOf {
  readonly allocation: string;
  readonly task: string;
}

interface LogProps {
  readonly environment: string;
  readonly of: LogOf;
  readonly onClose: () => void;
}

/** The last of what a task wrote, again and again. */
export function LogDialog({ environment, of: { allocation, task }, onClose }: LogProps) {
  const [stream, setStream] = useState<"stdout" | "stderr">("stdout");
  const query = new URLSearchParams({ allocation, task, stream });
  const { data, trouble } = useAsked<TaskLog>(
    `/api/environments/${encodeURIComponent(environment)}/log?${query.toString()}`,
    3000,
  );
  const text = useRef<HTMLPreElement>(null);
  useEffect(() => {
    text.current?.scrollTo({ top: text.current.scrollHeight });
  }, [data?.text]);
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
      {data && !data.isWhole && <p class="quiet">The last 64 KiB.</p>}
      <pre ref={text} class="log" tabIndex={0} role="region" aria-label={`What ${task} wrote to ${stream}`}>
        {data === undefined ? (trouble === undefined ? "Asking…" : "") : withoutColours(data.text) || "(nothing yet)"}
      </pre>
      <div class="actions">
        <button type="button" onClick={onClose}>
          Close
        </button>
      </div>
    </Dialog>
  );
}
