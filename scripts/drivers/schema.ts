/** The options of a driver or of a block in its configuration, by their names. */
export interface Options {
  readonly [name: string]: Option;
}

/** The kind of an option in the words of Nomad's schema language, such as `list(string)`, or the options of a block. */
export type Option =
  | { readonly kind: string; readonly required?: true }
  | { readonly kind: "block" | "blocks"; readonly options: Options };

/** A token of Go: a name, a text, or a sign. */
const TOKEN = /\/\/[^\n]*|`[^`]*`|"(?:[^"\\]|\\.)*"|[\w.]+|\S/g;

/**
 * The options that the schema of a task's configuration has, read from the Go source that declares it.
 *
 * @throws Error where the source has no such schema, or writes it in another way
 */
export function schemaIn(source: string): Options {
  return new SchemaReader(source).options("taskConfigSpec");
}

class SchemaReader {
  #tokens: readonly string[] = [];
  #at = 0;

  constructor(private readonly source: string) {}

  /** The options of a variable that holds an object of the schema. */
  options(variable: string): Options {
    const start = new RegExp(`\\b${variable}\\s*=\\s*(?=hclspec\\.NewObject)`).exec(this.source);
    if (!start) throw new Error(`there is no ${variable}`);
    const outer = { tokens: this.#tokens, at: this.#at };
    const text = this.source.slice(start.index + start[0].length);
    this.#tokens = (text.match(TOKEN) ?? []).filter((token) => !token.startsWith("//"));
    this.#at = 0;
    const found = this.object();
    [this.#tokens, this.#at] = [outer.tokens, outer.at];
    return found;
  }

  /** `hclspec.NewObject(map[string]*hclspec.Spec{ … })`, or the variable that holds one. */
  private object(): Options {
    const name = this.next();
    if (name !== "hclspec.NewObject") return this.options(name);
    while (this.next() !== "{");
    const found: Record<string, Option> = {};
    while (this.#tokens[this.#at] !== "}") {
      const option = JSON.parse(this.next()) as string;
      this.expect(":");
      found[option] = this.option();
      if (this.#tokens[this.#at] === ",") this.next();
    }
    this.expect("}");
    this.expect(")");
    return found;
  }

  private option(): Option {
    const call = this.next();
    this.expect("(");
    const option = this.called(call);
    // What a default or a requirement says besides is passed over.
    for (let depth = 1; depth > 0;) {
      const token = this.next();
      if (token === "(") depth += 1;
      if (token === ")") depth -= 1;
    }
    return option;
  }

  private called(call: string): Option {
    if (call === "hclspec.NewDefault") return this.option();
    this.next();
    this.expect(",");
    if (call === "hclspec.NewBlockList") return { kind: "blocks", options: this.object() };
    if (call === "hclspec.NewBlock") {
      this.next();
      this.expect(",");
      return { kind: "block", options: this.object() };
    }
    const kind = JSON.parse(this.next()) as string;
    if (call === "hclspec.NewBlockAttrs") return { kind: `list(map(${kind}))` };
    this.expect(",");
    return this.next() === "true" ? { kind, required: true } : { kind };
  }

  private expect(token: string): void {
    const found = this.next();
    if (found !== token) throw new Error(`expected ${token}, found ${found}`);
  }

  private next(): string {
    const token = this.#tokens[this.#at];
    if (token === undefined) throw new Error("the schema does not end");
    this.#at += 1;
    return token;
  }
}
