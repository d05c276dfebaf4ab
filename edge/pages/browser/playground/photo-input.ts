import { element } from '../element.ts';
import { createMaskTools } from './mask-tools.ts';

/** What is about to be encoded. */
export type ChosenPhoto = { readonly photo: File; readonly mask: File | null };

/** The photo and mask of step 1, chosen, taken or dropped. `onPhoto` hears of every new photo. */
export function createPhotoInput(onPhoto: (photo: File) => void) {
  const drop = element(HTMLElement, '#drop');
  const stage = element(HTMLElement, '#stage');
  const invite = element(HTMLElement, '#invite');
  const unshown = element(HTMLElement, '#unshown');
  const unshownName = element(HTMLElement, '#unshown-name');
  const tools = element(HTMLElement, '#mask-tools');
  const status = element(HTMLElement, '#encode-status');
  const mask = createMaskTools();
  let chosen: { photo: File; isShown: boolean } | null = null;

  async function setPhoto(photo: File): Promise<void> {
    const bitmap = await createImageBitmap(photo, { imageOrientation: 'from-image' }).catch(() => null);
    if (bitmap) {
      mask.show(bitmap);
      mask.clear();
    }
    chosen = { photo, isShown: bitmap !== null };
    stage.hidden = tools.hidden = bitmap === null;
    unshown.hidden = bitmap !== null;
    unshownName.textContent = photo.name;
    invite.hidden = true;
    status.textContent = '';
    onPhoto(photo);
  }

  async function setMask(file: File): Promise<void> {
    const bitmap = await createImageBitmap(file).catch(() => null);
    if (bitmap) {
      mask.load(bitmap);
    } else {
      status.textContent = `${file.name} cannot be read as a mask.`;
    }
  }

  function onFile(selector: string, take: (file: File) => Promise<void>): void {
    const input = element(HTMLInputElement, selector);
    input.addEventListener('change', async () => {
      const [file] = input.files ?? [];
      if (file) {
        await take(file);
      }
      input.value = ''; // so that the same file can be chosen again
    });
  }

  onFile('#photo', setPhoto);
  onFile('#camera', setPhoto);
  onFile('#mask', setMask);
  takeDrops(drop, setPhoto);
  takeDrops(tools, setMask);

  return {
    async current(): Promise<ChosenPhoto | null> {
      return chosen && { photo: chosen.photo, mask: chosen.isShown ? await mask.toFile() : null };
    },
  };
}

function takeDrops(zone: HTMLElement, take: (file: File) => Promise<void>): void {
  zone.addEventListener('dragover', (event) => {
    event.preventDefault();
    zone.classList.add('over');
  });
  zone.addEventListener('dragleave', () => zone.classList.remove('over'));
  zone.addEventListener('drop', async (event) => {
    event.preventDefault();
    zone.classList.remove('over');
    const [file] = event.dataTransfer?.files ?? [];
    if (file) {
      await take(file);
    }
  });
}
