import { htmlComment, type Markdown } from "../text";

/** What a comment or an issue is about. */
export type Kind = "preview" | "drift";

/**
 * The invisible text that tells the one comment, or issue, of an environment from others. It ends the first line of the body. Two
 * environments never have the same, whatever their names are, and no name ends it early.
 */
export function markerOf(kind: Kind, environment: string): string {
  return `<!-- ${markerText(kind, environment)} -->`;
}

/** The same text as a part of a body. */
export function markerComment(kind: Kind, environment: string): Markdown {
  return htmlComment(markerText(kind, environment));
}

function markerText(kind: Kind, environment: string): string {
  // Two dashes end a comment of HTML.
  const name = encodeURIComponent(environment.toWellFormed()).replaceAll("--", "-%2D");
  return `cdk-nomad ${kind}: ${name}`;
}

/** Something that was written on GitHub, as far as it tells whose it is. */
export interface Authored {
  readonly body?: string | null;
  readonly user?: { readonly login?: string; readonly type?: string } | null;
}

/** Whether something was written by us before: by the same author, with the marker at the end of its first line. */
export function isOwn({ body, user }: Authored, marker: string, author: string): boolean {
  const bot = author.endsWith("[bot]");
  // Nobody can register a login with brackets; the type is asked for all the same.
  return user?.login === author && (!bot || user.type === "Bot") && isMarked(body ?? "", marker);
}

/** Whether the first line of a body ends with the marker. */
function isMarked(body: string, marker: string): boolean {
  return (body.split("\n", 1)[0] ?? "").trimEnd().endsWith(marker);
}
