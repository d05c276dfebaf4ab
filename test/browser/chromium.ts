import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';

/** Where Debian, Ubuntu and Google put it. */
const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'] as const;

/** An installed Chromium, or null: the tests download no browser. */
export const chromiumPath: string | null = process.env.CHROMIUM ?? PLACES.find((path) => existsSync(path)) ?? null;

/** Without a sandbox, which root in a container cannot have; it only sees pages of our own. Calls nobody by itself. */
export function launchChromium(): Promise<Browser> {
  if (chromiumPath === null) {
    throw new Error(`expected a browser at CHROMIUM or one of ${PLACES.join(', ')}, found none`);
  }
  return chromium.launch({
    executablePath: chromiumPath,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}
