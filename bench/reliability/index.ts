import type { Figure } from "../synthesis";
import { measureAnswers } from "./answers";

/** What is drawn in large counts; the unit tests hold a small version of each. */
export async function measureReliability(): Promise<readonly Figure[]> {
  return measureAnswers(2000);
}
