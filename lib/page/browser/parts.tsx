import type { ComponentChildren } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import type { Job, Verdict } from "../api";
import { messageOf } from "./client";
import { MARKS, signOf } from "./words";

/** A state in a word, with a sign. */
export function Badge({ state, isStale }: { readonly state: Job["state"] | Verdict; readonly isStale?: boolean }) {
  const { word, tone } = signOf(state, isStale);
  return (
    <span class={`badge ${tone}`} data-tone={tone}>
      <span aria-hidden="true">{MARKS[tone]}</span> {word}
    </span>
  );
}

/** Something that is wrong and is said at once, also to those who do not see it. */
export function Trouble({ children }: { readonly children: ComponentChildren }) {
  return (
    <p class="trouble" role="alert">
      {children}
    </p>
  );
}

interface DialogProps {
  readonly title: string;
  readonly onClose: () => void;
  readonly children: ComponentChildren;
  readonly wide?: boolean;
}

/** A dialog over the page; the browser keeps the keyboard inside, and Escape closes it. */
export function Dialog({ title, onClose, children, wide = false }: DialogProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  useLayoutEffect(() => {
    const before = document.activeElement;
    const own = dialog.current;
    own?.showModal();
    return () => {
      // While it is open, nothing behind it takes the keyboard.
      own?.close();
      if (before instanceof HTMLElement) before.focus();
    };
  }, []);
  return (
    <dialog ref={dialog} class={wide ? "wide" : ""} aria-labelledby="dialog-title" onClose={onClose}>
      <h2 id="dialog-title">{title}</h2>
      {children}
    </dialog>
  );
}

interface ConfirmProps {
  readonly title: string;
  readonly action: string;
  /** Why it cannot be done any more, though it could when it was asked for: then it is not. */
  readonly obstacle?: string | undefined;
  /** Does it. What it throws is shown, and the dialog stays. */
  readonly onConfirm: () => Promise<void>;
  readonly onClose: () => void;
  readonly children: ComponentChildren;
}

/** Asks before something is changed. The button that changes nothing has the keyboard first. */
export function Confirm({ title, action, obstacle, onConfirm, onClose, children }: ConfirmProps) {
  const [busy, setBusy] = useState(false);
  const [trouble, setTrouble] = useState<string>();
  const confirm = async (event: Event) => {
    event.preventDefault();
    if (busy || obstacle !== undefined) return;
    setBusy(true);
    setTrouble(undefined);
    try {
      await onConfirm();
      onClose();
    } catch (error) {
      setTrouble(messageOf(error));
      setBusy(false);
    }
  };
  return (
    <Dialog title={title} onClose={onClose}>
      <form onSubmit={(event) => void confirm(event)}>
        {children}
        {trouble !== undefined && <Trouble>{trouble}</Trouble>}
        {obstacle !== undefined && !busy && <Trouble>{obstacle}</Trouble>}
        <div class="actions">
          <button type="button" autofocus onClick={onClose}>
            {busy ? "Close" : "Cancel"}
          </button>
          <button type="submit" class="primary" disabled={busy || obstacle !== undefined}>
            {busy ? "Working…" : action}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
