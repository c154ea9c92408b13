/** Mistakes and refusals that programs tell from others: by their class, never by their words. */
import type { Path } from "./path";
import { mistake, UserError } from "./user-error";

/** A server from which no answer came. */
export class NoAnswerError extends UserError {
  override readonly name: string = "NoAnswerError";

  constructor(
    /** `Nomad` or `Consul`. */
    readonly api: string,
    /**
     * `absent`: nobody listens any more, or the connection was cut; `unreached`: the same, where nobody has ever answered this client, so that
     * the address may be wrong; `silent`: it takes requests and does not answer; `closed`: this client was closed.
     */
    readonly kind: "absent" | "unreached" | "silent" | "closed",
    message: string,
    /** Whether it was silent before, and has answered nothing since: waiting for it once more is of no use. */
    readonly isStillSilent: boolean = false,
  ) {
    super([mistake("", message, kind === "closed" ? "closed" : "unreachable")]);
    this.quietly("api", "kind", "isStillSilent");
  }
}

/** A server refused the token, wanted one, or hid from it what it must read. */
export class TokenRefused extends UserError {
  constructor(message: string) {
    super([mistake("", message, "token")]);
  }
}

/** What answers at a server's address is no answer of such a server. */
export class ForeignAnswer extends UserError {
  constructor(message: string) {
    super([mistake("", message, "answer")]);
  }
}

/** Another server answers at an address than the one that is meant: nothing that is asked there will go well. */
export class WrongServer extends UserError {
  constructor(place: string, message: string) {
    super([mistake(place, message, "wrong-service")]);
  }
}

/** A text cannot stand in the path of a request, so nothing of that name is on any server. */
export class ImpossibleName extends UserError {
  constructor(
    name: string,
    /** What is wrong with it, and what to write instead. */
    readonly why: string,
  ) {
    super([mistake(name, why, "path")]);
    this.quietly("why");
  }
}

/** A server refuses what it was asked for, for that thing's own sake. */
export class RefusedByServer extends UserError {
  constructor(place: string | Path, message: string) {
    super([mistake(place, message, "server")]);
  }
}

/** Something was changed by somebody else between being read and being written. */
export class ChangedMeanwhile extends UserError {
  constructor(place: string | Path, message: string) {
    super([mistake(place, message, "changed-meanwhile")]);
  }
}

/** There is no environment of the name, or it is not said which one is meant. */
export class NoEnvironment extends UserError {
  constructor(place: string, message: string) {
    super([mistake(place, message, "environment")]);
  }
}

/** Somebody else has what was to be this program's own, such as a server's first token: trying again does not mend it. */
export class TakenByOthers extends UserError {
  constructor(message: string) {
    super([mistake("", message, "acl")]);
  }
}

/** A program that is needed is not there, and cannot be had: whatever does not need it goes on without. */
export class MissingProgram extends UserError {
  constructor(...messages: readonly string[]) {
    super(messages.map((message) => mistake("", message, "binary/missing")));
  }
}

/** A pool whose containers keep nothing apart serves another user just now. */
export class PoolOfOtherUser extends UserError {
  constructor(message: string) {
    super([mistake("owner", message, "pool/isolation")]);
  }
}
