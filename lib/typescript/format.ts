// The standalone build runs everywhere, also where nothing may be imported at run time.
import * as estree from "prettier/plugins/estree";
import * as typescript from "prettier/plugins/typescript";
import { format } from "prettier/standalone";

/** A program in the usual form. */
export function formatted(program: string): Promise<string> {
  return format(program, { parser: "typescript", plugins: [estree, typescript], printWidth: 120 });
}
