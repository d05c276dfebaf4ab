/** What a generated PNG says of itself, keyword by keyword. `model` is the fingerprint. */
export function provenanceText({ prompt, seed, model }: { prompt: string; seed: number; model: string }) {
  return { Comment: 'AI-generated', Prompt: prompt, Seed: String(seed), Model: model };
}
