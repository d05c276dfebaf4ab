import { html } from 'hono/html';
import { ABUSE_REASONS, type AbuseReason } from '../../shared/abuse-report.ts';
import type { PublicShare, ShareRights } from '../../shared/share.ts';
import { type Html, htmlPage, WORDMARK } from './html-page.ts';

/** What the page of a share has to show. `url` is its own address. */
export type SharePageView = { readonly url: string; readonly origin: string; readonly share: PublicShare };

const RIGHTS: Readonly<Record<ShareRights, string>> = {
  use: 'You may draw with it.',
  copy: 'You may draw with it, and keep a copy.',
  export: 'You may draw with it, keep a copy, and download it as a file.',
};

const REASONS: Readonly<Record<AbuseReason, string>> = {
  my_likeness: 'It shows me, and I did not agree',
  copyright: 'It is my work',
  sexual: 'It is sexual',
  minor: 'It endangers a minor',
  violence: 'It is violent',
  hate: 'It is hateful',
  other: 'Something else',
};

const DESCRIPTION = 'A concept to draw with: one photo became a word that stands in any sentence.';

/** The card that others see where the link is posted: a drawn sample, never the photo it was made from. */
function card({ url, share }: SharePageView, title: string): Html {
  return html`<meta property="og:type" content="website">
    <meta property="og:site_name" content="elite-edge">
    <meta property="og:title" content="${title}">
    <meta property="og:description" content="${DESCRIPTION}">
    <meta property="og:url" content="${url}">
    ${
      share.sample_url
        ? html`<meta property="og:image" content="${share.sample_url}">
    <meta property="og:image:alt" content="A picture drawn with this concept">
    <meta name="twitter:card" content="summary_large_image">`
        : html`<meta name="twitter:card" content="summary">`
    }
    <meta name="robots" content="noindex, nofollow">`;
}

function reportForm(url: string): Html {
  return html`
  <details>
    <summary>Report this</summary>
    <form id="report" class="fields" action="${url}/reports" method="post">
      <label for="reason">What is wrong with it?
        <select id="reason" name="reason">${ABUSE_REASONS.map((reason) => html`<option value="${reason}">${REASONS[reason]}</option>`)}</select>
      </label>
      <label for="details">More about it
        <textarea id="details" name="details" rows="3" maxlength="2000"></textarea>
      </label>
      <label for="contact">Where to answer you, if you like
        <input id="contact" name="contact" type="email" maxlength="320" autocomplete="email">
      </label>
      <div class="row">
        <button>Send</button>
        <p class="status" id="report-status" role="status"></p>
      </div>
    </form>
  </details>`;
}

function expiry({ expires_at: expiresAt }: PublicShare): Html | '' {
  return expiresAt === null
    ? ''
    : html` Until <time datetime="${expiresAt}">${new Date(expiresAt).toUTCString().slice(0, 22)} UTC</time>.`;
}

export function sharePage(view: SharePageView): Html {
  const { url, origin, share } = view;
  const title = share.name ?? share.category ?? 'A shared concept';
  const token = url.slice(url.lastIndexOf('/') + 1);
  return htmlPage({
    title: `${title} · elite-edge`,
    description: DESCRIPTION,
    head: card(view, title),
    script: 'share',
    body: html`
    <header class="top">${WORDMARK}<nav><a href="/docs">API</a></nav></header>
    <main class="shared">
      ${
        share.sample_url
          ? html`<img class="sample" src="${share.sample_url}" width="512" height="512" alt="A picture drawn with this concept">`
          : html`<div class="sample" aria-hidden="true"><b class="token">S*</b></div>`
      }
      <div>
        <h1>${title}</h1>
        <p class="quiet">A shared concept${share.name && share.category && html`: ${share.category}`}. ${RIGHTS[share.rights]}${expiry(share)}</p>
      </div>
      <div class="row"><a class="button primary" href="${origin}/#share=${token}">Draw with it</a></div>
      <p class="quiet">With an account of your own, this page’s address works as a <code>concept</code> in any generation.
        The photo behind it stays with its owner.</p>
      ${reportForm(url)}
    </main>`,
  });
}

const MISSING = {
  unknown: 'There is no such share',
  gone: 'This share was revoked or has expired',
  taken_down: 'This share was taken down',
} as const;

export function missingSharePage(missing: keyof typeof MISSING): Html {
  const title = MISSING[missing];
  return htmlPage({
    title: `${title} · elite-edge`,
    description: title,
    body: html`
    <header class="top">${WORDMARK}</header>
    <main class="shared">
      <h1>${title}</h1>
      <p class="quiet">Ask whoever gave you the link for another one, or make a concept of your own in <a href="/">the playground</a>.</p>
    </main>`,
  });
}
