import { html } from 'hono/html';
import { MAX_PROMPT_CHARS, MAX_SEED } from '../../../shared/generation.ts';
import type { ModelDescription } from '../../../shared/model-description.ts';
import type { Html } from '../html-page.ts';

/** What a prompt may look like, from a plain picture to a strong edit. */
const SUGGESTIONS = [
  'a photo of a S*',
  'a S* in the snow',
  'a S* wearing a red hat',
  'an oil painting of a S* at the sea',
  'a S* on the moon',
] as const;

function numberField(field: {
  id: string;
  label: string;
  min: number;
  max: number;
  value: number | '';
  step?: string;
}): Html {
  const { id, label, min, max, value, step = '1' } = field;
  return html`
    <label for="${id}">${label}
      <input id="${id}" type="number" inputmode="decimal" min="${min}" max="${max}" step="${step}" value="${value}">
    </label>`;
}

function choice(id: string, label: string, options: readonly string[], chosen: string | undefined): Html {
  return html`
    <label for="${id}">${label}
      <select id="${id}">${options.map((option) => html`<option ${option === chosen ? 'selected' : ''}>${option}</option>`)}</select>
    </label>`;
}

function settings(model: ModelDescription): Html {
  const { steps, defaults, samplers, sizes } = model;
  return html`
    ${numberField({ id: 'steps', label: 'Steps', min: steps.min, max: steps.max, value: steps.default })}
    ${choice('sampler', 'Sampler', samplers, defaults.sampler)}
    ${numberField({ id: 'guidance', label: 'Guidance', min: 0, max: 50, value: defaults.guidance_scale, step: 'any' })}
    ${numberField({ id: 'num-images', label: 'Pictures', min: 1, max: model.max_images, value: Math.min(2, model.max_images) })}
    ${numberField({ id: 'seed', label: 'Seed (random if empty)', min: 0, max: MAX_SEED, value: '' })}
    ${choice(
      'size',
      'Size',
      sizes.map(({ width, height }) => `${width} × ${height}`),
      `${defaults.width} × ${defaults.height}`,
    )}
    <label class="wide" for="negative">Nothing of this
      <input id="negative" type="text" maxlength="${MAX_PROMPT_CHARS}" value="${defaults.negative_prompt}">
    </label>`;
}

/** The sentence with S* in it, how strongly the details count, and what else can be chosen. */
export function sentenceSection(model: ModelDescription | null): Html {
  return html`
  <section class="panel" aria-labelledby="sentence-title">
    <h2 id="sentence-title"><span class="step">2</span> The sentence</h2>
    <form id="sentence">
      <label class="quiet" for="prompt">Write <b class="token">S*</b> where the thing should be</label>
      <textarea id="prompt" rows="2" maxlength="${MAX_PROMPT_CHARS}" required spellcheck="false">a S* in the snow</textarea>
      <div class="chips" role="group" aria-label="Suggestions">
        ${SUGGESTIONS.map((text) => html`<button type="button" class="chip" data-prompt="${text}">${text}</button>`)}
      </div>
      <div class="strength">
        <label for="strength">Strength of the details</label>
        <output id="strength-value" for="strength">auto</output>
        <input id="strength" type="range" min="0" max="1.2" step="0.05" value="0.6" aria-describedby="strength-help">
        <p class="quiet" id="strength-help">Left: the word alone. Right: every detail of the photo, and less of the sentence.
          <button type="button" class="link" id="strength-auto">Let the service choose</button></p>
      </div>
      <details>
        <summary>Steps, sampler, seed …</summary>
        <div class="settings">${model && settings(model)}</div>
      </details>
      <div class="row">
        <button class="primary" id="draw" disabled>Draw</button>
        <p class="status" id="draw-status" role="status">Encode a photo first.</p>
      </div>
      <p class="error" id="draw-error" role="alert"></p>
    </form>
    <details id="curl-details">
      <summary>The same with curl</summary>
      <pre id="curl" tabindex="0"></pre>
      <button type="button" id="copy-curl">Copy</button>
    </details>
  </section>`;
}
