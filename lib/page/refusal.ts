import { formatProblem, TokenRefused, UserError } from "../errors";
import { MASK, type Masking } from "../masking";
import { HttpProblem } from "../service";

/**
 * What the page is told where something is refused for a reason that a person can mend: each problem with its place, without what is secret in it. An error
 * of another kind is given back as it is, and so is a refused token: it is the service's own, whose log says more.
 */
export function refusalOf(error: unknown, masking: Masking): unknown {
  if (!(error instanceof UserError) || error instanceof TokenRefused) return error;
  return new HttpProblem("refused", masking.text(error.problems.map(formatProblem).join("; ")) || MASK);
}
