import { html } from 'hono/html';

const RIGHTS = [
  { value: 'use', title: 'Draw with it', detail: 'Others can use it and never see the photo.' },
  { value: 'copy', title: 'Keep a copy', detail: 'They may also keep a copy of their own.' },
  { value: 'export', title: 'Download it', detail: 'They may also download the concept as a file.' },
] as const;

const HOUR_SECONDS = 3600;

const EXPIRIES = [
  { seconds: '', label: 'never' },
  { seconds: HOUR_SECONDS, label: 'in an hour' },
  { seconds: 24 * HOUR_SECONDS, label: 'in a day' },
  { seconds: 30 * 24 * HOUR_SECONDS, label: 'in 30 days' },
] as const;

export const shareDialog = html`
  <dialog id="share-dialog" aria-labelledby="share-title">
    <form id="share-form" class="fields" method="dialog">
      <h2 id="share-title">Share this concept</h2>
      <fieldset>
        <legend>Whoever has the link may</legend>
        ${RIGHTS.map(
          ({ value, title, detail }, i) => html`
        <label class="option">
          <input type="radio" name="rights" value="${value}" ${i === 0 ? 'checked' : ''}>
          <span><b>${title}</b><br><span class="quiet">${detail}</span></span>
        </label>`,
        )}
      </fieldset>
      <label for="expiry">It expires
        <select id="expiry">${EXPIRIES.map(({ seconds, label }) => html`<option value="${seconds}">${label}</option>`)}</select>
      </label>
      <p class="error" id="share-error" role="alert"></p>
      <div id="share-result" class="fields" hidden>
        <label for="share-url">The link, shown this once
          <input id="share-url" readonly>
        </label>
        <button type="button" id="copy-share">Copy</button>
      </div>
      <div class="row end">
        <button type="button" id="share-close">Close</button>
        <button type="submit" class="primary" id="share-make">Make the link</button>
      </div>
    </form>
  </dialog>`;
