import { expect, test } from 'vitest';
import { findChromium, whySkipped } from './chromium.ts';

const here = import.meta.filename;

test('the browser is the one that is named, else the first that is installed', () => {
  expect(findChromium({ named: '/opt/chromium', places: [here] })).toBe('/opt/chromium');
  expect(findChromium({ named: undefined, places: ['/no/such/browser', here] })).toBe(here);
});

test('where no browser is installed the tests that need one say that they are skipped, and why', () => {
  const nowhere = { named: undefined, places: ['/no/such/browser', '/nor/this'] };
  expect(findChromium(nowhere)).toBeNull();
  expect(whySkipped(nowhere)).toBe('skipped: no Chromium at $CHROMIUM or /no/such/browser, /nor/this');
  expect(findChromium({ named: undefined, places: [] })).toBeNull();
  expect(whySkipped({ named: undefined, places: [here] })).toBeNull();
});
