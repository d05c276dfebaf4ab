import { answerOf, type Concept } from '../../../client/create-client.ts';
import { element } from '../element.ts';
import type { Session } from './session.ts';

/** A concept to draw with: one of the account's own, or one that was shared. */
export type Drawable = {
  /** What a generation takes: an id or a share URL. */
  readonly reference: string;
  readonly name: string;
  readonly pictureUrl: string | null;
  /** The id when it is the account's own, and so can be shared. */
  readonly ownId: string | null;
};

export function ownConcept({ id, name, category, image_url: pictureUrl, created_at }: Concept): Drawable {
  return { reference: id, name: name ?? category ?? new Date(created_at).toLocaleString(), pictureUrl, ownId: id };
}

/** Ready concepts as a row of pictures, one of them chosen. */
export function createConceptList(onChoice: (concept: Drawable) => void) {
  const list = element(HTMLElement, '#concepts');
  const made = element(HTMLElement, '#made');

  function add(concept: Drawable, { isFirst }: { isFirst: boolean }): HTMLInputElement {
    const label = document.createElement('label');
    label.className = 'concept';
    const radio = document.createElement('input');
    radio.type = 'radio';
    radio.name = 'concept';
    radio.value = concept.reference;
    radio.addEventListener('change', () => onChoice(concept));
    label.append(radio, concept.pictureUrl ? picture(concept.pictureUrl) : letters());
    const name = document.createElement('span');
    name.textContent = concept.name;
    label.append(name);
    list[isFirst ? 'prepend' : 'append'](label);
    made.hidden = false;
    return radio;
  }

  return {
    /** Fills the list with what the account has; none of it is chosen. */
    async load({ client }: Session): Promise<void> {
      const params = { query: { status: 'ready' as const, limit: 12 } };
      const { data } = await answerOf(client.GET('/v1/concepts', { params }));
      for (const concept of data) {
        add(ownConcept(concept), { isFirst: false });
      }
    },

    choose(concept: Drawable): void {
      const known = [...list.querySelectorAll('input')].find(({ value }) => value === concept.reference);
      const radio = known ?? add(concept, { isFirst: true });
      radio.checked = true;
      onChoice(concept);
    },
  };
}

function picture(url: string): HTMLImageElement {
  const image = document.createElement('img');
  image.src = url;
  image.alt = '';
  return image;
}

function letters(): HTMLElement {
  const text = document.createElement('b');
  text.className = 'token';
  text.textContent = 'S*';
  return text;
}
