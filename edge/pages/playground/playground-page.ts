import { html } from 'hono/html';
import type { ModelDescription } from '../../../shared/model-description.ts';
import { type Html, htmlPage, WORDMARK } from '../html-page.ts';
import { photoSection } from './photo-section.ts';
import { picturesSection } from './pictures-section.ts';
import { sentenceSection } from './sentence-section.ts';
import { shareDialog } from './share-dialog.ts';

function licence({
  name,
  licence: { name: licenceName, url, use_restrictions: restrictions },
}: ModelDescription): Html {
  return html`
    <p>Model <b>${name}</b>, licence ${url ? html`<a href="${url}">${licenceName}</a>` : licenceName}.</p>
    ${
      restrictions.length > 0 &&
      html`
    <details>
      <summary>What its licence forbids</summary>
      <ul>${restrictions.map((restriction) => html`<li>${restriction}</li>`)}</ul>
    </details>`
    }`;
}

/** Asks for a client token when the address brought none; the script shows it. */
const tokenPanel = html`
  <form id="token-form" class="panel notice" hidden>
    <div>
      <label for="token">This page needs a client token</label>
      <p class="quiet" id="token-help"><code>npm start</code> prints an address that carries one; elsewhere,
        <code>POST /v1/client-tokens</code> makes one. It stays in this tab.</p>
      <p class="error" id="token-error" role="alert"></p>
    </div>
    <div class="row">
      <input id="token" type="password" autocomplete="off" spellcheck="false" required aria-describedby="token-help">
      <button class="primary">Use it</button>
    </div>
  </form>`;

/** The whole job in a browser: photo, mask, concept, sentence, pictures. `model` is null before a worker announced one. */
export function playgroundPage(model: ModelDescription | null): Html {
  return htmlPage({
    title: 'elite-edge playground',
    description: 'One photo becomes a word that stands in any sentence.',
    script: 'playground',
    body: html`
    <header class="top">${WORDMARK}<nav><a href="/docs">API</a></nav></header>
    <main class="playground">
      <div class="intro">
        <h1>One photo becomes a word.</h1>
        <p>Encode what a photo shows as <b class="token">S*</b>, then write <b class="token">S*</b> into any sentence.</p>
      </div>
      <noscript><p class="panel notice">The playground works with JavaScript; without it, there is <a href="/docs">the API</a>.</p></noscript>
      ${tokenPanel}
      <div id="workbench" inert>
        ${photoSection}
        ${sentenceSection(model)}
        ${picturesSection}
      </div>
    </main>
    ${shareDialog}
    <footer>${model ? licence(model) : html`<p>No worker has announced a model yet.</p>`}
      <p>Pictures are made by a machine and say so in their metadata.</p>
    </footer>`,
  });
}
