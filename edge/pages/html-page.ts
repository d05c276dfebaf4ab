import { html } from 'hono/html';

export type Html = ReturnType<typeof html>;

type Page = {
  readonly title: string;
  readonly description: string;
  /** More for the head, such as an Open Graph card. */
  readonly head?: Html | '';
  /** The page's script in /assets/, without `.js`. */
  readonly script?: string;
  /** Whether it has the house's style; false for a page whose script brings its own. */
  readonly isStyled?: boolean;
  readonly body: Html;
};

/** A whole document. Nothing in it is inline: the pages' policy allows no such script or style. */
export function htmlPage({ title, description, head = '', script, isStyled = true, body }: Page): Html {
  return html`<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="color-scheme" content="light dark">
    <meta name="description" content="${description}">
    <title>${title}</title>
    <link rel="icon" href="/favicon.svg" type="image/svg+xml">
    ${isStyled && html`<link rel="stylesheet" href="/assets/pages.css">`}
    ${head}
    ${script && html`<script type="module" src="/assets/${script}.js"></script>`}
  </head>
  <body>
    ${body}
  </body>
</html>`;
}

export const WORDMARK = html`<a class="wordmark" href="/"><b>S*</b> elite-edge</a>`;
