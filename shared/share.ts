import { z } from 'zod';
import { conceptIdSchema, shareIdSchema } from './ids.ts';

/**
 * What whoever holds the URL may do; each includes the ones before. `use`: generate with the concept and never see its
 * photo, mask or embedding. `copy`: keep a copy too. `export`: download the embedding file too.
 */
export const SHARE_RIGHTS = ['use', 'copy', 'export'] as const;
export const shareRightsSchema = z.enum(SHARE_RIGHTS);
export type ShareRights = z.infer<typeof shareRightsSchema>;

export function includesRight(rights: ShareRights, right: ShareRights): boolean {
  return SHARE_RIGHTS.indexOf(rights) >= SHARE_RIGHTS.indexOf(right);
}

/** A share as the concept's owner sees it. */
export const shareSchema = z
  .object({
    id: shareIdSchema,
    object: z.literal('share'),
    concept: conceptIdSchema,
    url: z
      .string()
      .nullable()
      .optional()
      .meta({ description: 'Only in the answer that creates the share: afterwards nobody knows it but who got it.' }),
    rights: shareRightsSchema,
    expires_at: z.iso.datetime().nullable(),
    uses: z.int().min(0).meta({ description: 'Accepted generations and copies, less the ones that did not succeed.' }),
    max_uses: z.int().min(1).nullable(),
    created_at: z.iso.datetime(),
  })
  .meta({ id: 'Share' });

export type ShareObject = z.infer<typeof shareSchema>;

/** A share as anyone sees it who holds its URL. */
export const publicShareSchema = z
  .object({
    object: z.literal('share'),
    name: z.string().nullable(),
    category: z.string().nullable(),
    rights: shareRightsSchema,
    expires_at: z.iso.datetime().nullable(),
    sample_url: z
      .string()
      .nullable()
      .meta({ description: 'A picture drawn with the concept, never its photo; null until it is drawn.' }),
    model: z.string().meta({ description: 'Fingerprint of the model the concept is for.' }),
  })
  .meta({ id: 'PublicShare' });

export type PublicShare = z.infer<typeof publicShareSchema>;
