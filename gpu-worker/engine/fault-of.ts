import { ConceptFileError } from '../../shared/concept-file.ts';
import type { ErrorCode } from '../../shared/error-codes.ts';
import { PlaceholderSpaceError } from '../ml/elite/place-words.ts';
import { ImageError } from '../ml/image/image-error.ts';
import { PromptError } from '../ml/text/encode-prompt.ts';

/** What a failed job tells its owner. Whatever the pipelines do not throw on purpose is the engine's own fault. */
export function faultOf(error: unknown): { readonly code: ErrorCode; readonly message: string } {
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof ImageError) {
    return { code: error.code, message };
  }
  if (error instanceof PromptError || error instanceof PlaceholderSpaceError) {
    return { code: 'placeholder_missing', message };
  }
  if (error instanceof ConceptFileError) {
    return { code: 'model_mismatch', message };
  }
  return { code: 'engine_failed', message };
}
