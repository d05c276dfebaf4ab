import { describe, it } from 'vitest';
import { expectRelative } from './compare.ts';
import { golden, reference } from './reference.ts';
import { openReferenceNetworks, referenceModel } from './reference-model.ts';

/** Float32 of another library. */
const TOLERANCE = 1e-4;

const networks = await openReferenceNetworks();
const expected = golden('mappers');

/** The authors' features of a picture, so that an error here is the mapper's own. */
function features(picture: string, kind: 'clip' | 'obj'): Float32Array {
  const vision = golden('vision');
  return Float32Array.from(
    referenceModel.config.featureLayers.flatMap((layer) => [...vision.floats(`${picture}/${kind}/hidden_${layer}`)]),
  );
}

describe.each(reference.pictures_order)('the mapping networks on %s', (picture) => {
  it('global words', async () => {
    const words = await networks.mapGlobal(features(picture, 'clip'));
    expectRelative('mapping, global', words, expected.floats(`${picture}/global`), TOLERANCE);
  });

  it('local patches, with the mask and without', async () => {
    const mask = golden('preprocess').floats(`${picture}/mask_grid`);
    const masked = await networks.mapLocal(features(picture, 'obj'), mask);
    expectRelative('mapping, local_masked', masked, expected.floats(`${picture}/local_masked`), TOLERANCE);
    const whole = await networks.mapLocal(
      features(picture, 'obj'),
      mask.map(() => 1),
    );
    expectRelative('mapping, local', whole, expected.floats(`${picture}/local`), TOLERANCE);
  });
});
