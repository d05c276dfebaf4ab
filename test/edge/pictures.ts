/** Pictures as the edge sees them: headers, and a few bytes after them that make each one different. */

function ascii(text: string): number[] {
  return [...text].map((character) => character.charCodeAt(0));
}

function u16(value: number): number[] {
  return [(value >> 8) & 255, value & 255];
}

function u32(value: number): number[] {
  return [...u16(value >>> 16), ...u16(value & 0xffff)];
}

function unique(): Uint8Array<ArrayBuffer> {
  return crypto.getRandomValues(new Uint8Array(16));
}

export function png(width = 640, height = 480): Uint8Array<ArrayBuffer> {
  const header = [
    0x89,
    ...ascii('PNG\r\n'),
    0x1a,
    0x0a,
    ...u32(13),
    ...ascii('IHDR'),
    ...u32(width),
    ...u32(height),
    8,
    2,
    0,
    0,
    0,
  ];
  return Uint8Array.from([...header, ...unique()]);
}

export function jpeg(width = 640, height = 480): Uint8Array<ArrayBuffer> {
  const app0 = [0xff, 0xe0, ...u16(16), ...ascii('JFIF\0'), 1, 1, 0, 0, 1, 0, 1, 0, 0];
  const frame = [0xff, 0xc0, ...u16(17), 8, ...u16(height), ...u16(width), 3, 1, 0x22, 0, 2, 0x11, 1, 3, 0x11, 1];
  return Uint8Array.from([0xff, 0xd8, ...app0, ...frame, ...unique()]);
}

export function webp(width = 640, height = 480): Uint8Array<ArrayBuffer> {
  const size = [width - 1, height - 1].flatMap((n) => [n & 255, (n >> 8) & 255, (n >> 16) & 255]);
  const header = [...ascii('RIFF'), 40, 0, 0, 0, ...ascii('WEBPVP8X'), 10, 0, 0, 0, 0, 0, 0, 0, ...size];
  return Uint8Array.from([...header, ...unique()]);
}

function box(name: string, content: readonly number[]): number[] {
  return [...u32(content.length + 8), ...ascii(name), ...content];
}

export function heic(width = 640, height = 480): Uint8Array<ArrayBuffer> {
  const ispe = box('ispe', [0, 0, 0, 0, ...u32(width), ...u32(height)]);
  const meta = box('meta', [0, 0, 0, 0, ...box('iprp', box('ipco', ispe))]);
  return Uint8Array.from([
    ...box('ftyp', [...ascii('heic'), 0, 0, 0, 0, ...ascii('mif1heic')]),
    ...meta,
    ...box('mdat', [...unique()]),
  ]);
}
