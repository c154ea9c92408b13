import { useEffect, useRef, useState } from "preact/hooks";
import type { Job, LogEvents, PageEvents, Verdict } from "../api";
import { ask, fetched, messageOf, tellSessionOver } from "./client";

/** After so long without a word the service counts as silent, in milliseconds: it says something every five seconds. */
const SILENT = 12_000;

/** The time now, again and again, for what depends on it. */
export function useNow(interval: number): number {
  const [now, setNow] = useState(performance.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(performance.now()), interval);
    return () => clearInterval(timer);
  }, [interval]);
  return now;
}

/** What was asked last, when, and what went wrong since. */
export interface Asked<T> {
  readonly data: T | undefined;
  /** Why the last question was not answered; undefined where it was. */
  readonly trouble: string | undefined;
  /** When `data` came, by the page's own clock; undefined where nothing came yet. */
  readonly at: number | undefined;
  readonly again: () => void;
}

/** Asks at once and then again and again, as long as somebody looks. What came before stays, with what is wrong now beside it. */
export function useAsked<T>(path: string | undefined, interval: number): Asked<T> {
  const [state, setState] = useState<Omit<Asked<T>, "again">>({ data: undefined, trouble: undefined, at: undefined });
  const [round, setRound] = useState(0);
  useEffect(() => {
    if (path === undefined) return undefined;
    const gone = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const look = async () => {
      try {
        const data = await ask<T>("GET", path, { signal: gone.signal });
        setState({ data, trouble: undefined, at: performance.now() });
      } catch (error) {
        if (gone.signal.aborted) return;
        setState((before) => ({ ...before, trouble: messageOf(error) }));
      }
      if (!gone.signal.aborted) timer = setTimeout(() => void look(), interval);
    };
    void look();
    return () => {
      gone.abort();
      clearTimeout(timer);
    };
  }, [path, interval, round]);
  return { ...state, again: () => setRound((before) => before + 1) };
}

/** An environment as it is followed. */
export interface Live {
  readonly jobs: readonly Job[];
  readonly verdict: Verdict | undefined;
  /** What is wrong with the connection, or with the cluster, where something is. */
  readonly trouble: string | undefined;
  /** Whether nothing was heard for so long that what is shown may be old. */
  readonly isStale: boolean;
  /** Whether the service says that there is no such environment. */
  readonly isMissing: boolean;
}

/** Follows an environment over the service's stream of events. */
export function useLive(id: string): Live {
  const [jobs, setJobs] = useState<ReadonlyMap<string, Job>>(new Map());
  const [verdict, setVerdict] = useState<Verdict>();
  const [trouble, setTrouble] = useState<string>();
  const [isMissing, setMissing] = useState(false);
  const heard = useRef<number | undefined>(undefined);
  const now = useNow(1000);
  useEffect(() => {
    setJobs(new Map());
    setVerdict(undefined);
    setTrouble(undefined);
    setMissing(false);
    heard.current = undefined;
    const gone = new AbortController();
    const on = (event: string, data: unknown) => {
      if (event === "job") {
        const job = data as PageEvents["job"];
        setJobs((before) => new Map(before).set(job.key, job));
      } else if (event === "verdict") {
        const { verdict: judged, jobs: keys } = data as PageEvents["verdict"];
        setVerdict(judged);
        setJobs((before) => new Map([...before].filter(([key]) => keys.includes(key))));
      } else if (event === "trouble") setTrouble((data as PageEvents["trouble"]).message);
    };
    const hear = () => {
      heard.current = performance.now();
      setMissing(false);
    };
    const onRefused = (status: number) => setMissing(status === 404);
    const path = `/api/events?environment=${encodeURIComponent(id)}`;
    void keepReading({ path: () => path, on, hear, setTrouble, onRefused, signal: gone.signal });
    return () => gone.abort();
  }, [id]);
  const since = heard.current === undefined ? undefined : now - heard.current;
  const isStale = since !== undefined && since > SILENT;
  const silence = isStale ? `nothing was heard of the service for ${Math.round(since / 1000)} s` : undefined;
  return { jobs: [...jobs.values()], verdict, trouble: silence ?? trouble, isStale, isMissing };
}

/** What a task wrote, as it is told. */
export interface LogView {
  /** Whole lines, or the line that has no end yet, which takes the place of what was told of it before. */
  readonly onLines: (text: string) => void;
  readonly onOpen: (text: string) => void;
  /** Something that the task did not write. */
  readonly onNote: (message: string) => void;
}

/** How following a log goes. */
export interface LogFollowed {
  readonly state: LogEvents["state"] | undefined;
  /** What is wrong with the connection, where something is. */
  readonly trouble: string | undefined;
}

/** Follows what a task writes over the service's stream of events; where that is cut, it goes on behind the last line that came. */
export function useLog(path: string, view: LogView): LogFollowed {
  const [state, setState] = useState<LogEvents["state"]>();
  const [trouble, setTrouble] = useState<string>();
  useEffect(() => {
    setState(undefined);
    setTrouble(undefined);
    const gone = new AbortController();
    let position: string | undefined;
    let last = performance.now();
    let isOver = false;
    const on = (event: string, data: unknown) => {
      if (event === "lines") {
        const { text, position: next } = data as LogEvents["lines"];
        position = next;
        view.onLines(text);
      } else if (event === "open") view.onOpen((data as LogEvents["open"]).text);
      else if (event === "note") view.onNote((data as LogEvents["note"]).message);
      else if (event === "state") {
        const now = data as LogEvents["state"];
        isOver = now.state === "ended";
        setState(now);
      }
    };
    const silence = setInterval(() => {
      const quiet = performance.now() - last;
      if (quiet > SILENT && !isOver) setTrouble(`nothing was heard of the service for ${Math.round(quiet / 1000)} s`);
    }, 1000);
    void keepReading({
      path: () => (position === undefined ? path : `${path}&from=${position}`),
      on,
      hear: () => {
        last = performance.now();
        setTrouble(undefined);
      },
      setTrouble,
      signal: gone.signal,
      isOver: () => isOver,
    });
    return () => {
      clearInterval(silence);
      gone.abort();
    };
  }, [path]);
  return { state, trouble };
}

interface Reader {
  /** What is asked, each time that it is opened. */
  readonly path: () => string;
  readonly on: (event: string, data: unknown) => void;
  /** Called with every piece that comes, also with those that only say that the service lives. */
  readonly hear: () => void;
  readonly setTrouble: (trouble: string | undefined) => void;
  /** Told what the service answered in the place of the stream. */
  readonly onRefused?: (status: number) => void;
  readonly signal: AbortSignal;
  /** Whether all was told, so that it is not opened again. Default: it never is. */
  readonly isOver?: () => boolean;
}

/** What the service says no to for good: asking again changes nothing. */
const FINAL = [400, 403, 404];

/**
 * Reads a stream of server-sent events, and opens it again where it ends: a browser's own reader neither says why it is refused, nor lets anybody hear the
 * comments that say that the service lives.
 */
async function keepReading({
  path,
  on,
  hear,
  setTrouble,
  onRefused,
  signal,
  isOver = () => false,
}: Reader): Promise<void> {
  while (!signal.aborted) {
    try {
      const response = await fetched(path(), { headers: { accept: "text/event-stream" }, cache: "no-store", signal });
      if (!response.ok || !response.body) {
        const { detail } = (await response.json().catch(() => ({}))) as { readonly detail?: unknown };
        const why = typeof detail === "string" ? detail : `the service answered ${response.status}`;
        if (response.status === 401) tellSessionOver(why);
        setTrouble(why);
        onRefused?.(response.status);
        if (FINAL.includes(response.status)) await new Promise((resolve) => setTimeout(resolve, 10_000));
      } else {
        setTrouble(undefined);
        hear();
        const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
        let rest = "";
        for (;;) {
          const { done, value = "" } = await reader.read();
          if (done) break;
          hear();
          const parts = (rest + value).split("\n\n");
          rest = parts.pop() ?? "";
          for (const part of parts) {
            const { event, data } = fieldsOf(part);
            if (event !== undefined && data !== undefined) on(event, JSON.parse(data));
          }
        }
        if (isOver()) return;
        setTrouble("the service ended the connection; opening it again");
      }
    } catch (error) {
      if (signal.aborted) return;
      setTrouble(`the service cannot be reached (${messageOf(error)}); trying again`);
    }
    await new Promise((resolve) => setTimeout(resolve, 2000 * (0.5 + Math.random())));
  }
}

/** The fields of an event. A line of them ends with a line feed and with nothing else: what somebody wrote may have a separator of lines of its own, such as U+2028. */
function fieldsOf(part: string): Readonly<Partial<Record<string, string>>> {
  const fields = part.split("\n").map((line) => line.split(/: (.*)/s, 2));
  return Object.fromEntries(fields);
}
