import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';

/** Where Debian, Ubuntu and Google put it. */
const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'] as const;

export type BrowserSearch = {
  /** Taken at its word. */
  readonly named: string | undefined;
  readonly places: readonly string[];
};

const SEARCH: BrowserSearch = { named: process.env.CHROMIUM, places: PLACES };

/** An installed Chromium, or null: the tests download no browser. */
export function findChromium({ named, places }: BrowserSearch = SEARCH): string | null {
  return named ?? places.find((path) => existsSync(path)) ?? null;
}

/** Why tests in a browser are skipped, for whoever reads their report; null where they can run. */
export function whySkipped(search: BrowserSearch = SEARCH): string | null {
  return findChromium(search) === null
    ? `skipped: no Chromium at $CHROMIUM or ${search.places.join(', ') || 'any other place'}`
    : null;
}

/** Without a sandbox, which root in a container cannot have; it only sees pages of our own. Calls nobody by itself. */
export function launchChromium(): Promise<Browser> {
  const executablePath = findChromium();
  if (executablePath === null) {
    throw new Error(`expected a browser at CHROMIUM or one of ${PLACES.join(', ')}, found none`);
  }
  return chromium.launch({
    executablePath,
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
