import type { GenerationRequest } from '../../../client/create-client.ts';
import { element } from '../element.ts';

export type Sentence = Omit<GenerationRequest, 'concepts'> & {
  /** λ, or undefined to leave it to the service. */
  readonly strength: number | undefined;
};

const numberIn = (selector: string) => {
  const input = document.querySelector<HTMLInputElement>(selector);
  return input && input.value !== '' ? input.valueAsNumber : undefined;
};

const textIn = (selector: string) => document.querySelector<HTMLInputElement>(selector)?.value || undefined;

/** Step 2: what to draw and how. `onChange` hears of every change, `onDraw` of the wish to draw it. */
export function createSentenceForm({ onChange, onDraw }: { onChange: () => void; onDraw: () => void }) {
  const form = element(HTMLFormElement, '#sentence');
  const prompt = element(HTMLTextAreaElement, '#prompt');
  const strength = element(HTMLInputElement, '#strength');
  const strengthValue = element(HTMLOutputElement, '#strength-value');
  let strengthIsChosen = false;

  function showStrength(): void {
    strengthValue.textContent = strengthIsChosen ? strength.valueAsNumber.toFixed(2) : 'auto';
  }

  strength.addEventListener('input', () => {
    strengthIsChosen = true;
    showStrength();
  });
  element(HTMLButtonElement, '#strength-auto').addEventListener('click', () => {
    strengthIsChosen = false;
    showStrength();
    onChange();
  });
  for (const chip of document.querySelectorAll<HTMLButtonElement>('[data-prompt]')) {
    chip.addEventListener('click', () => {
      prompt.value = chip.dataset.prompt ?? '';
      prompt.focus();
      onChange();
    });
  }
  form.addEventListener('input', onChange);
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    onDraw();
  });

  return {
    read(): Sentence {
      const [width, height] = (textIn('#size') ?? '').split(' × ').map(Number);
      return {
        prompt: prompt.value,
        strength: strengthIsChosen ? strength.valueAsNumber : undefined,
        steps: numberIn('#steps'),
        sampler: textIn('#sampler') as Sentence['sampler'],
        guidance_scale: numberIn('#guidance'),
        num_images: numberIn('#num-images'),
        seed: numberIn('#seed'),
        negative_prompt: textIn('#negative'),
        width: width || undefined,
        height,
      };
    },
  };
}

/** The request that draws a sentence with a concept. */
export function generationRequest({ strength, ...sentence }: Sentence, concept: string): GenerationRequest {
  return { ...sentence, concepts: [{ concept, ...(strength !== undefined && { strength }) }] };
}
