import { html } from 'hono/html';
import { ERROR_CODES, type ErrorCode } from '../../../shared/error-codes.ts';
import { problemExample } from '../../openapi/problem-example.ts';
import { type Html, htmlPage, WORDMARK } from '../html-page.ts';

function entry(code: ErrorCode): Html {
  const { status, title, retryable } = ERROR_CODES[code];
  return html`
    <section class="error-code" id="${code}">
      <h2><code>${code}</code></h2>
      <p>${title}. <span class="quiet">Status ${status}; ${retryable ? 'worth another try' : 'the same request will fail again'}.</span></p>
      <p class="quiet">“${problemExample(code).detail}”</p>
    </section>`;
}

/** What each `type` of a problem leads to. */
export function errorsPage(): Html {
  return htmlPage({
    title: 'Errors · elite-edge',
    description: 'Every error code of the elite-edge API.',
    body: html`
    <header class="top">${WORDMARK}<nav><a href="/docs">API reference</a></nav></header>
    <main class="prose">
      <h1>Errors</h1>
      <p>Every error answer is <code>application/problem+json</code> (RFC 9457). Its <code>code</code> is one of these and stays what it is;
        <code>detail</code> says what was expected, what came, and where.</p>
      ${(Object.keys(ERROR_CODES) as ErrorCode[]).map(entry)}
    </main>`,
  });
}
