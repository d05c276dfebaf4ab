import { html } from 'hono/html';
import { type Html, htmlPage } from '../html-page.ts';

/** The API reference, which a script draws from /openapi.json. */
export function referencePage(): Html {
  return htmlPage({
    title: 'API reference · elite-edge',
    description: 'Every operation, object and error of the elite-edge API.',
    head: html`<script src="/assets/scalar.js" defer></script>`,
    script: 'reference',
    isStyled: false,
    body: html`
    <div id="reference"></div>
    <noscript>This page needs JavaScript; the document it shows is <a href="/openapi.json">/openapi.json</a>.</noscript>`,
  });
}
