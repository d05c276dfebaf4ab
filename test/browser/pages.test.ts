import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import type { Page } from 'playwright-core';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { accessibilityFaults } from './accessibility-faults.ts';
import { whySkipped } from './chromium.ts';
import { HEIC_PHOTO, MASK, openPages, type Pages, PHONE, PHOTO, screenshot } from './open-pages.ts';

let pages: Pages;

async function ready(page: Page): Promise<void> {
  await page.locator('#workbench:not([inert])').waitFor();
}

/** Drops a file on a part of the page, as from a file manager. */
async function drop(page: Page, selector: string, file: string): Promise<void> {
  const base64 = (await readFile(file)).toString('base64');
  await page.locator(selector).evaluate(async (zone, data) => {
    const dataTransfer = new DataTransfer();
    const bytes = Uint8Array.from(atob(data), (character) => character.charCodeAt(0));
    dataTransfer.items.add(new File([bytes], 'dropped.png', { type: 'image/png' }));
    zone.dispatchEvent(new DragEvent('drop', { dataTransfer, bubbles: true, cancelable: true }));
  }, base64);
}

/** The mask of the concept that was made last: where it came from. */
async function newestMaskSource(): Promise<string | undefined> {
  const { data } = await pages.client.GET('/v1/concepts', { params: { query: { limit: 1 } } });
  return data?.data[0]?.mask_source;
}

/** The mask of the concept that was made last, at a place given in shares of its width and height. */
async function maskAt(x: number, y: number): Promise<number> {
  const { data } = await pages.client.GET('/v1/concepts', { params: { query: { limit: 1 } } });
  const mask = sharp(await (await fetch(data!.data[0]!.mask_url!)).arrayBuffer());
  const { width, height } = await mask.metadata();
  const place = { left: Math.floor(x * width), top: Math.floor(y * height), width: 1, height: 1 };
  return (await mask.extract(place).raw().toBuffer())[0]!;
}

async function encode(page: Page): Promise<void> {
  await page.locator('#encode').click();
  await page.getByText(/^Encoded in [\d.]+ m?s,/).waitFor();
}

/** Draws few steps of one small picture and waits for it. */
async function draw(page: Page, prompt: string): Promise<void> {
  await page.getByText('Steps, sampler, seed').click();
  await page.getByRole('spinbutton', { name: 'Steps' }).fill('3');
  await page.getByRole('spinbutton', { name: 'Pictures' }).fill('2');
  await page.locator('#prompt').fill(prompt);
  await page.locator('#draw').click();
  await page.locator('.sheet img').nth(1).waitFor();
}

/** How many pixels of a picture the browser has; 0 when it could not be loaded. */
function widths(page: Page, selector: string): Promise<number[]> {
  return page
    .locator(selector)
    .evaluateAll((images) =>
      Promise.all((images as HTMLImageElement[]).map((image) => image.decode().then(() => image.naturalWidth))),
    );
}

const reason = whySkipped();
if (reason) {
  console.warn(reason); // a report that is short does not say what it skipped
}

describe.skipIf(reason)(reason ? `in a browser, ${reason}` : 'in a browser', { timeout: 60_000 }, () => {
  beforeAll(async () => {
    pages = await openPages();
  }, 120_000);

  afterAll(() => pages?.close());

  test('a photo with a painted mask becomes a concept, the concept pictures, and a link', async () => {
    const page = await pages.open(await pages.playground());
    await ready(page);
    await screenshot(page, 'playground-start');
    await page.setInputFiles('#photo', PHOTO);
    await page.locator('#paint').click();
    const canvas = page.locator('#canvas');
    const { width, height } = (await canvas.boundingBox())!;
    const [left, right] = [0.2, 0.8].map((share) => ({ x: share * width, y: 0.2 * height }));
    await canvas.dragTo(canvas, { sourcePosition: left!, targetPosition: right! });
    await encode(page);
    expect(await maskAt(0.2, 0.2)).toBe(255);
    expect(await maskAt(0.4, 0.2)).toBe(255);
    expect(await maskAt(0.5, 0.5)).toBe(0);

    await draw(page, 'a S* on the moon');
    expect(await widths(page, '.sheet img')).toEqual([expect.any(Number), 64, 64]);
    expect(await page.locator('.facts').textContent()).toMatch(
      /^strength 0\.6 · 3 steps of euler_ancestral · guidance 5 · /,
    );
    await screenshot(page, 'playground-drawn');

    await page.getByRole('button', { name: 'Share this concept' }).click();
    await page.getByRole('button', { name: 'Make the link' }).click();
    await page.locator('#share-result').waitFor();
    expect(await page.locator('#share-url').inputValue()).toMatch(/\/s\/[\w-]{43}$/);
    expect(await accessibilityFaults(page)).toEqual([]);
    await page.context().close();
  });

  test('a photo of a kind that the browser cannot show is named in its place, and sent as it is', async () => {
    const page = await pages.open(await pages.playground());
    await ready(page);
    await page.setInputFiles('#photo', PHOTO);
    await page.locator('#mask-tools').waitFor();
    await page.setInputFiles('#photo', HEIC_PHOTO);
    await page.getByText('This browser cannot show it').waitFor();
    expect(await page.locator('#unshown').textContent()).toContain('creature.heic');
    expect(await page.locator('#canvas').isVisible()).toBe(false);
    expect(await page.locator('#mask-tools').isVisible()).toBe(false);
    expect(await accessibilityFaults(page)).toEqual([]);
    await screenshot(page, 'playground-heic');
    await encode(page);
    expect(await widths(page, '.concept:has(:checked) img')).toEqual([expect.any(Number)]);
    await screenshot(page, 'playground-heic-encoded');

    const { data } = await pages.client.GET('/v1/concepts', { params: { query: { limit: 1 } } });
    const form = new FormData();
    form.set('image', new File([await readFile(HEIC_PHOTO)], 'photo'));
    const headers = { Authorization: `Bearer ${pages.stack.apiKey}` };
    const same = await fetch(`${pages.stack.url}/v1/concepts`, { method: 'POST', body: form, headers });
    expect([same.status, (await same.json()).id]).toEqual([200, data?.data[0]?.id]);

    await page.setInputFiles('#photo', PHOTO);
    await page.locator('#mask-tools').waitFor();
    expect(await page.locator('#unshown').isVisible()).toBe(false);
    await page.context().close();
  });

  test('the token stays out of the address, of the curl commands, and works again after a reload', async () => {
    const path = await pages.playground();
    const token = path.split('=')[1]!;
    const page = await pages.open(path);
    await ready(page);
    expect(page.url()).toBe(`${pages.stack.url}/`);
    expect(await page.content()).not.toContain(token);
    const curl = await page.locator('#curl').textContent();
    expect(curl).toContain('Bearer $ELITE_TOKEN');
    expect(curl).not.toContain(token);
    await page.reload();
    await ready(page);
    await page.context().close();
  });

  test('the curl commands do what the page does, whatever the sentence', async () => {
    const page = await pages.open(await pages.playground());
    await ready(page);
    await page.locator('#prompt').fill(`a S* at Zoë's "Café" $HOME \\`);
    await page.getByText('Steps, sampler, seed').click();
    await page.getByRole('spinbutton', { name: 'Steps' }).fill('2');
    const { data } = await pages.client.GET('/v1/concepts', { params: { query: { limit: 1, status: 'ready' } } });
    const commands = (await page.locator('#curl').textContent())!.replace('CONCEPT_ID', data!.data[0]!.id);
    const { stdout } = await promisify(execFile)('bash', ['-c', commands.replace('curl', 'curl -s')], {
      env: { ...process.env, ELITE_TOKEN: pages.stack.apiKey },
    });
    expect(JSON.parse(stdout)).toMatchObject({
      status: 'succeeded',
      input: { prompt: `a S* at Zoë's "Café" $HOME \\`, steps: 2, num_images: 2 },
    });
    await page.context().close();
  });

  test('a token is asked for when there is none, or a dead one', async () => {
    const page = await pages.open('/');
    const input = page.getByLabel('This page needs a client token');
    await input.fill('garbage');
    await input.press('Enter');
    await page.getByText('That token does not work').waitFor();
    await input.fill((await pages.playground()).split('=')[1]!);
    await input.press('Enter');
    await ready(page);
    await page.context().close();
    expect(pages.complaints.splice(0)).toEqual([expect.stringContaining('401')]);
  });

  test('the keyboard alone does the whole job', async () => {
    const page = await pages.open(await pages.playground());
    await ready(page);
    await page.setInputFiles('#photo', PHOTO); // the system's own dialog comes in between
    await page.locator('#mask-tools').waitFor();
    await page.locator('#paint').focus();
    await page.keyboard.press('Space');
    await page.keyboard.press('Shift+Tab');
    expect(await page.locator(':focus').getAttribute('id')).toBe('canvas');
    await page.keyboard.press('Shift+ArrowRight');
    await page.keyboard.press('Space');
    await page.locator('#encode').focus();
    await page.keyboard.press('Enter');
    await page.getByText(/^Encoded in/).waitFor();
    expect(await newestMaskSource()).toBe('upload');
    await page.getByRole('radio', { name: 'creature' }).first().focus();
    await page.keyboard.press('Space');
    await page.locator('#draw').focus();
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Cancel' }).press('Enter');
    await page.getByText('Cancelled.').waitFor();
    await page.context().close();
  });

  test('a phone of 390 pixels shows everything without scrolling sideways, also what was dropped', async () => {
    const page = await pages.open(await pages.playground(), PHONE);
    await ready(page);
    await drop(page, '#drop', PHOTO);
    await page.locator('#mask-tools').waitFor();
    await drop(page, '#mask-tools', MASK);
    await encode(page);
    expect(await newestMaskSource()).toBe('upload');
    await draw(page, 'a S* in the snow');
    await page.getByText('The same with curl').click();
    expect(await page.locator('html').evaluate(({ scrollWidth }) => scrollWidth)).toBe(390);
    const small = await page
      .locator('button:visible:not(.link), .button:visible, summary:visible')
      .evaluateAll((controls) => controls.filter((control) => control.getBoundingClientRect().height < 44).length);
    expect(small).toBe(0);
    await screenshot(page, 'playground-phone');
    await page.context().close();
  });

  test('a share leads from its page to the playground and can be reported', async () => {
    const own = await pages.client.GET('/v1/concepts', { params: { query: { limit: 1 } } });
    const id = own.data!.data[0]!.id;
    const { data } = await pages.client.POST('/v1/concepts/{id}/shares', { params: { path: { id } }, body: {} });
    const url = data!.url!;
    await expect.poll(async () => (await fetch(`${url}/sample`)).status, { timeout: 20_000, interval: 100 }).toBe(200);
    const page = await pages.open(url, PHONE);
    expect(await widths(page, 'img.sample')).toEqual([64]);
    expect(await page.locator('html').evaluate(({ scrollWidth }) => scrollWidth)).toBe(390);
    expect(await accessibilityFaults(page)).toEqual([]);
    await page.getByText('Report this').click();
    await screenshot(page, 'share-phone');
    await page.getByLabel('What is wrong with it?').selectOption('copyright');
    await page.getByRole('button', { name: 'Send' }).click();
    await page.getByText('It was received').waitFor();

    const token = (await pages.playground()).split('=')[1]!;
    await page.evaluate((stored) => sessionStorage.setItem('client-token', stored), token);
    await page.getByRole('link', { name: 'Draw with it' }).click();
    await ready(page);
    await draw(page, 'a photo of a S*');
    expect(await page.locator('.facts').textContent()).toMatch(/^strength 0\.8 /);
    await page.context().close();
  });

  test.each(['light', 'dark'] as const)('the playground has no fault that axe finds, %s', async (colorScheme) => {
    const page = await pages.open(await pages.playground(), { colorScheme });
    await ready(page);
    await page.setInputFiles('#photo', PHOTO);
    await page.locator('#mask-tools').waitFor();
    await page.getByText('Steps, sampler, seed').click();
    expect(await accessibilityFaults(page)).toEqual([]);
    await page.context().close();
  });

  test('the API reference is drawn from our own files alone', async () => {
    const page = await pages.open('/docs');
    await page.getByText('Encode a photo into a concept').first().waitFor();
    await screenshot(page, 'docs');
    await page.context().close();
  });

  test('no page broke its policy, called another host, or threw', () => {
    expect(pages.complaints).toEqual([]);
  });
});
