import { mkdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { answerOf, type Client, createClient } from '../../edge/client/create-client.ts';
import { shippedModel } from '../../gpu-worker/models/shipped-model.ts';
import { type Stack, startStack } from '../../infra/local/stack.ts';
import { launchChromium } from './chromium.ts';

const fixture = (path: string) => fileURLToPath(new URL(`../fixtures/reference/${path}`, import.meta.url));

export const PHOTO = fixture('pictures/creature.png');
export const MASK = fixture('pictures/creature_bg.png');
export const HEIC_PHOTO = fileURLToPath(new URL('../fixtures/pictures/creature.heic', import.meta.url));

/** Where a run that wants to be looked at leaves its pictures; nowhere otherwise. */
const { SCREENSHOTS } = process.env;

export const PHONE: BrowserContextOptions = {
  viewport: { width: 390, height: 844 },
  deviceScaleFactor: 2,
  hasTouch: true,
  isMobile: true,
};

/** The real stack with a browser before it, and everything a page complained of. */
export type Pages = {
  readonly stack: Stack;
  readonly client: Client;
  readonly complaints: string[];
  open(path: string, options?: BrowserContextOptions): Promise<Page>;
  /** A path to the playground with a fresh client token in its fragment. */
  playground(): Promise<string>;
  close(): Promise<void>;
};

export async function openPages(): Promise<Pages> {
  const [stack, browser] = await Promise.all([
    startStack({ modelDir: shippedModel, write: () => undefined }),
    launchChromium(),
  ]);
  const client = createClient({ origin: stack.url, token: stack.apiKey });
  const complaints: string[] = [];
  return {
    stack,
    client,
    complaints,
    open: (path, options) => openPage(browser, new URL(path, stack.url), options, complaints),
    async playground() {
      const { token } = await answerOf(
        client.POST('/v1/client-tokens', {
          body: {
            scopes: ['concepts:read', 'concepts:write', 'generations:read', 'generations:write', 'shares:write'],
          },
        }),
      );
      return `/#token=${token}`;
    },
    async close() {
      await Promise.all([browser.close(), stack.stop()]);
    },
  };
}

async function openPage(
  browser: Browser,
  url: URL,
  options: BrowserContextOptions = {},
  complaints: string[],
): Promise<Page> {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('request', (request) => {
    const target = new URL(request.url());
    if (target.protocol.startsWith('http') && target.origin !== url.origin) {
      complaints.push(`called ${target.origin}`);
    }
  });
  await page.goto(url.href);
  return page;
}

/** Keeps a picture of the whole page when the run was asked to. */
export async function screenshot(page: Page, name: string): Promise<void> {
  if (SCREENSHOTS) {
    await mkdir(SCREENSHOTS, { recursive: true });
    await page.screenshot({ path: `${SCREENSHOTS}/${name}.png`, fullPage: true });
  }
}
