import { answerOf } from '../../../client/create-client.ts';
import { copyOnPress } from '../copy-text.ts';
import { element } from '../element.ts';
import { errorText } from '../error-text.ts';
import type { Session } from './session.ts';

type Rights = 'use' | 'copy' | 'export';

/** Makes a link to one of the account's own concepts. */
export function createShareDialog({ client }: Session) {
  const open = element(HTMLButtonElement, '#share');
  const dialog = element(HTMLDialogElement, '#share-dialog');
  const form = element(HTMLFormElement, '#share-form');
  const make = element(HTMLButtonElement, '#share-make');
  const expiry = element(HTMLSelectElement, '#expiry');
  const error = element(HTMLElement, '#share-error');
  const result = element(HTMLElement, '#share-result');
  const url = element(HTMLInputElement, '#share-url');
  let conceptId = '';

  async function share(): Promise<void> {
    make.disabled = true;
    error.textContent = '';
    try {
      const rights = new FormData(form).get('rights') as Rights;
      const body = { rights, ...(expiry.value && { expires_in: Number(expiry.value) }) };
      const params = { path: { id: conceptId } };
      const made = await answerOf(client.POST('/v1/concepts/{id}/shares', { params, body }));
      url.value = made.url ?? '';
      result.hidden = false;
      url.select();
    } catch (problem) {
      error.textContent = errorText(problem);
    } finally {
      make.disabled = false;
    }
  }

  open.addEventListener('click', () => {
    result.hidden = true;
    error.textContent = '';
    dialog.showModal();
  });
  element(HTMLButtonElement, '#share-close').addEventListener('click', () => dialog.close());
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    void share();
  });
  copyOnPress(element(HTMLButtonElement, '#copy-share'), () => url.value);

  return {
    /** Says which concept the dialog is for; null for one that is not the account's own. */
    offer(ownId: string | null): void {
      conceptId = ownId ?? '';
      open.hidden = ownId === null;
    },
  };
}
