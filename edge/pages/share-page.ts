import { html } from 'hono/html';
import type { PublicShare } from '../../shared/share.ts';

/** What the page of a share has to show. `url` is its own address. */
export type SharePageView = { readonly url: string; readonly origin: string; readonly share: PublicShare };

type Html = ReturnType<typeof html>;

function page(title: string, head: Html | string, body: Html): Html {
  return html`<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>${title}</title>
    ${head}
  </head>
  <body>
    ${body}
  </body>
</html>`;
}

export function sharePage({ url, share }: SharePageView): Html {
  const title = share.name ?? share.category ?? 'A shared concept';
  const picture = share.sample_url && html`<meta property="og:image" content="${share.sample_url}">`;
  return page(
    title,
    html`<meta property="og:title" content="${title}">
    <meta property="og:url" content="${url}">
    ${picture}`,
    html`<h1>${title}</h1>
    ${share.sample_url && html`<img src="${share.sample_url}" alt="A picture drawn with this concept">`}`,
  );
}

export function missingSharePage(missing: 'unknown' | 'gone'): Html {
  const title = missing === 'unknown' ? 'There is no such share' : 'This share was revoked or has expired';
  return page(title, '', html`<h1>${title}</h1>`);
}
