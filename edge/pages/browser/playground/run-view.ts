import type { Generation } from '../../../client/create-client.ts';
import { element } from '../element.ts';
import type { Drawable } from './concept-list.ts';

function figure(url: string, alt: string, caption: string): HTMLElement {
  const image = document.createElement('img');
  image.src = url;
  image.alt = alt;
  const link = document.createElement('a');
  link.href = url;
  link.target = '_blank';
  link.rel = 'noopener';
  link.append(image);
  const text = document.createElement('figcaption');
  text.textContent = caption;
  const whole = document.createElement('figure');
  whole.append(link, text);
  return whole;
}

function facts({ input, timings }: Generation): string {
  const seconds = timings.total_ms === null ? '' : ` · ${(timings.total_ms / 1000).toFixed(1)} s`;
  const strength = input.concepts.map((concept) => `strength ${concept.strength}`).join();
  return `${strength} · ${input.steps} steps of ${input.sampler} · guidance ${input.guidance_scale}${seconds}`;
}

/** One drawing on the page: its sentence, its progress, then the photo and the pictures side by side. */
export function createRunView(prompt: string, onCancel: () => void) {
  const template = element(HTMLTemplateElement, '#run-template');
  const run = element(HTMLElement, '.run', template.content.cloneNode(true) as DocumentFragment);
  const progressRow = element(HTMLElement, '.progress-row', run);
  const progress = element(HTMLProgressElement, 'progress', run);
  const status = element(HTMLElement, '.status', run);
  element(HTMLElement, 'h3', run).textContent = prompt;
  element(HTMLButtonElement, '.cancel', run).addEventListener('click', onCancel);
  element(HTMLElement, '#no-pictures').hidden = true;
  element(HTMLElement, '#runs').prepend(run);

  return {
    queued(position: number | null): void {
      status.textContent = position ? `${position} before it in the queue` : 'In the queue …';
    },

    step(step: number, steps: number): void {
      progress.max = steps;
      progress.value = step;
      status.textContent = `Step ${step} of ${steps}`;
    },

    show(generation: Generation, { name, pictureUrl }: Drawable): void {
      progressRow.remove();
      const source = pictureUrl ? [figure(pictureUrl, `The photo of ${name}`, 'the photo')] : [];
      const pictures = generation.images.map(({ url, seed, safety }) =>
        figure(url, `${prompt}, drawn with seed ${seed}`, safety === 'flagged' ? 'withheld' : `seed ${seed}`),
      );
      element(HTMLElement, '.sheet', run).append(...source, ...pictures);
      element(HTMLElement, '.facts', run).textContent = facts(generation);
    },

    fail(text: string): void {
      progressRow.remove();
      element(HTMLElement, '.error', run).textContent = text;
    },
  };
}

export type RunView = ReturnType<typeof createRunView>;
