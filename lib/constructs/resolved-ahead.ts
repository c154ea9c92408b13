import type { IPostProcessor, IResolvable, IResolveContext } from "cdktf";
import { isPlainObject } from "../jobspec/host";

type Attributes = Readonly<Record<string, unknown>>;

/**
 * The attributes of a resource, of which cdktf resolves only what may hold a token.
 *
 * It resolves each element when it prepares a stack, again when it writes it, and all of them once more as one object; each time it looks through every text
 * for tokens three times. A job's text is the longest there is, and its own class knows whether it holds one. What this gives back still has every attribute, for whoever reads them; to cdktf it is a
 * token, which is resolved to the attributes as they are.
 *
 * @param attributes as `toTerraform()` of a resource of cdktf has them
 * @param isPlain whether a text holds no token
 */
export function resolvedAhead(attributes: Attributes, isPlain: (text: string) => boolean): Attributes {
  const plain: Record<string, unknown> = {};
  const late: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(attributes))
    if (value !== undefined) (isReady(value, isPlain) ? plain : late)[name] = value;
  // The second is for the look at the whole stack, and is made of what the first became.
  return asToken(attributes, late, (resolved) => {
    const all = { ...plain, ...(resolved as object) };
    return new Ready(all);
  });
}

/** Whether cdktf would resolve a value to itself. */
function isReady(value: unknown, isPlain: (text: string) => boolean): boolean {
  if (typeof value === "string") return isPlain(value);
  if (isPlainObject(value))
    return Object.entries(value).every((entry) => entry.every((each) => isReady(each, isPlain)));
  return typeof value === "boolean" || value === undefined;
}

/** What is resolved already, for the look at the whole stack. */
class Ready implements IResolvable, IPostProcessor {
  readonly creationStack: string[] = [];

  constructor(private readonly attributes: Attributes) {}

  resolve(context: IResolveContext): undefined {
    context.registerPostProcessor(this);
  }

  postProcess(): Attributes {
    return this.attributes;
  }

  /** As JSON it is what it stands for. */
  toJSON(): Attributes {
    return this.attributes;
  }
}

/** The attributes as a token that is resolved to what `after` makes of the resolved `late`. */
function asToken(attributes: Attributes, late: unknown, after: (resolved: unknown) => unknown): Attributes {
  const postProcess: IPostProcessor["postProcess"] = (resolved) => after(resolved);
  const resolve = (context: IResolveContext): unknown => {
    context.registerPostProcessor({ postProcess });
    return late;
  };
  // Nobody who walks over the attributes, or writes them as JSON, meets it.
  return Object.defineProperty({ ...attributes }, "resolve" satisfies keyof IResolvable, { value: resolve });
}
