/** What the safety checker says of one picture. */
export type SafetyVerdict = {
  /** The picture shows what Stable Diffusion's authors do not want shown. */
  readonly flagged: boolean;
  /** Which of the checker's concepts it shows, by their index; the authors did not publish their names. */
  readonly concepts: readonly number[];
};

/** A picture close to a special concept is judged this much more strictly by everything that comes after. */
const SPECIAL_CARE_ADJUSTMENT = 0.01;

/** diffusers rounds a score to three digits, half to even, and asks whether it is positive. */
const LARGEST_ROUNDED_TO_ZERO = 0.0005;

/** The thresholds' logic of diffusers 0.11, safety_checker.py: a score is a cosine less its concept's threshold. */
export function judgeScores(specialCareScores: ArrayLike<number>, conceptScores: ArrayLike<number>): SafetyVerdict {
  let adjustment = 0;
  for (const score of Array.from(specialCareScores)) {
    if (score + adjustment > LARGEST_ROUNDED_TO_ZERO) adjustment = SPECIAL_CARE_ADJUSTMENT;
  }
  const concepts = Array.from(conceptScores, (score, concept) => ({ score, concept }))
    .filter(({ score }) => score + adjustment > LARGEST_ROUNDED_TO_ZERO)
    .map(({ concept }) => concept);
  return { flagged: concepts.length > 0, concepts };
}
