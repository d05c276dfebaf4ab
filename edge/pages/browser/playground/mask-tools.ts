import { element } from '../element.ts';
import { createMaskCanvas, type MaskCanvas, type Point } from './mask-canvas.ts';

const KEY_STEP_SHARE = 0.02; // of the photo's width
const KEY_LEAP_SHARE = 0.1; // with Shift

const ARROWS: Readonly<Record<string, Point>> = {
  ArrowLeft: { x: -1, y: 0 },
  ArrowRight: { x: 1, y: 0 },
  ArrowUp: { x: 0, y: -1 },
  ArrowDown: { x: 0, y: 1 },
};

/** Lets a pointer or the keyboard paint the mask while painting is switched on, so that a phone can scroll otherwise. */
export function createMaskTools(): MaskCanvas {
  const canvas = element(HTMLCanvasElement, '#canvas');
  const paint = element(HTMLButtonElement, '#paint');
  const erase = element(HTMLButtonElement, '#erase');
  const clear = element(HTMLButtonElement, '#clear');
  const brush = element(HTMLInputElement, '#brush');
  const mask = createMaskCanvas(canvas);
  let at: Point = { x: 0, y: 0 };

  const isOn = (button: HTMLButtonElement) => button.ariaPressed === 'true';
  const radius = () => (Number(brush.value) / 200) * canvas.width; // the slider is in percent of the width, across

  function setPainting(on: boolean): void {
    paint.ariaPressed = String(on);
    erase.disabled = clear.disabled = !on;
    canvas.classList.toggle('painting', on);
    canvas.tabIndex = on ? 0 : -1;
    mask.moveCursor(null, 0);
  }

  function stroke(to: Point): void {
    mask.paint({ from: at, to, radius: radius(), erases: isOn(erase) });
    at = to;
  }

  function pointOf(event: PointerEvent): Point {
    const { left, top, width, height } = canvas.getBoundingClientRect();
    return {
      x: ((event.clientX - left) / width) * canvas.width,
      y: ((event.clientY - top) / height) * canvas.height,
    };
  }

  paint.addEventListener('click', () => setPainting(!isOn(paint)));
  erase.addEventListener('click', () => {
    erase.ariaPressed = String(!isOn(erase));
  });
  clear.addEventListener('click', () => mask.clear());

  canvas.addEventListener('pointerdown', (event) => {
    if (isOn(paint)) {
      canvas.setPointerCapture(event.pointerId);
      at = pointOf(event);
      stroke(at);
    }
  });
  canvas.addEventListener('pointermove', (event) => {
    if (canvas.hasPointerCapture(event.pointerId)) {
      event.getCoalescedEvents().map(pointOf).forEach(stroke);
      stroke(pointOf(event));
    }
  });

  canvas.addEventListener('focus', () => {
    if (canvas.matches(':focus-visible')) {
      at = { x: canvas.width / 2, y: canvas.height / 2 }; // a pointer has its own place
      mask.moveCursor(at, radius());
    }
  });
  canvas.addEventListener('blur', () => mask.moveCursor(null, 0));
  canvas.addEventListener('keydown', (event) => {
    const direction = ARROWS[event.key];
    if (direction) {
      const step = canvas.width * (event.shiftKey ? KEY_LEAP_SHARE : KEY_STEP_SHARE);
      const clamp = (value: number, max: number) => Math.min(Math.max(value, 0), max);
      at = { x: clamp(at.x + step * direction.x, canvas.width), y: clamp(at.y + step * direction.y, canvas.height) };
    } else if (event.key === ' ') {
      stroke(at);
    } else {
      return;
    }
    event.preventDefault();
    mask.moveCursor(at, radius());
  });

  return mask;
}
