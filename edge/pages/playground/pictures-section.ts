import { html } from 'hono/html';

/** Where the script lays out what was drawn, newest first. A template, since the page's policy allows no built-up HTML. */
export const picturesSection = html`
  <section class="panel pictures" aria-labelledby="pictures-title">
    <h2 id="pictures-title"><span class="step">3</span> The pictures</h2>
    <p class="quiet" id="no-pictures">What you draw appears here, beside the photo it came from.</p>
    <div id="runs"></div>
    <template id="run-template">
      <article class="run">
        <h3></h3>
        <div class="row progress-row">
          <progress max="1" value="0" aria-label="Progress"></progress>
          <p class="status" role="status"></p>
          <button type="button" class="cancel">Cancel</button>
        </div>
        <p class="error" role="alert"></p>
        <div class="sheet"></div>
        <p class="quiet facts"></p>
      </article>
    </template>
  </section>`;
