import { copyOnPress } from './copy-text.ts';
import { element } from './element.ts';
import { errorText } from './error-text.ts';
import { createConceptList, type Drawable, ownConcept } from './playground/concept-list.ts';
import { curlCommands } from './playground/curl-commands.ts';
import { draw } from './playground/draw.ts';
import { encode, encodeSummary } from './playground/encode.ts';
import { createPhotoInput } from './playground/photo-input.ts';
import { createSentenceForm, generationRequest } from './playground/sentence-form.ts';
import { openSession, type Session } from './playground/session.ts';
import { createShareDialog } from './playground/share-dialog.ts';
import { sharedConcept } from './playground/shared-concept.ts';

const encodeError = element(HTMLElement, '#encode-error');

async function startPlayground(session: Session): Promise<void> {
  const encodeButton = element(HTMLButtonElement, '#encode');
  const encodeStatus = element(HTMLElement, '#encode-status');
  const drawButton = element(HTMLButtonElement, '#draw');
  const drawStatus = element(HTMLElement, '#draw-status');
  const drawError = element(HTMLElement, '#draw-error');
  const curl = element(HTMLElement, '#curl');

  let concept: Drawable | null = null;
  let lastPhoto: { readonly name: string; readonly hasMask: boolean } | null = null;

  const shareDialog = createShareDialog(session);
  const form = createSentenceForm({ onChange: showCurl, onDraw });
  const concepts = createConceptList((chosen) => {
    concept = chosen;
    drawButton.disabled = false;
    drawStatus.textContent = '';
    shareDialog.offer(chosen.ownId);
    showCurl();
  });
  const photoInput = createPhotoInput((photo) => {
    encodeButton.disabled = false;
    encodeError.textContent = '';
    lastPhoto = { name: photo.name, hasMask: false };
    showCurl();
  });

  function showCurl(): void {
    const request = generationRequest(form.read(), concept?.reference ?? 'CONCEPT_ID');
    curl.textContent = curlCommands(location.origin, lastPhoto, request);
  }

  async function onEncode(): Promise<void> {
    const chosen = await photoInput.current();
    if (!chosen) {
      return;
    }
    encodeButton.disabled = true;
    encodeError.textContent = '';
    try {
      lastPhoto = { name: chosen.photo.name, hasMask: chosen.mask !== null };
      const made = await encode(session, chosen, (text) => {
        encodeStatus.textContent = text;
      });
      encodeStatus.textContent = encodeSummary(made);
      concepts.choose(ownConcept(made));
    } catch (error) {
      encodeStatus.textContent = '';
      encodeError.textContent = errorText(error);
    } finally {
      encodeButton.disabled = false;
    }
  }

  async function onDraw(): Promise<void> {
    if (concept) {
      drawError.textContent = '';
      await draw(session, form.read(), concept).catch((error) => {
        drawError.textContent = errorText(error);
      });
    }
  }

  encodeButton.addEventListener('click', onEncode);
  copyOnPress(element(HTMLButtonElement, '#copy-curl'), () => curl.textContent ?? '');
  showCurl();
  element(HTMLElement, '#workbench').inert = false;
  await concepts.load(session);
  if (session.sharedUrl) {
    concepts.choose(await sharedConcept(session.sharedUrl));
  }
}

try {
  await startPlayground(await openSession());
} catch (error) {
  encodeError.textContent = errorText(error);
}
