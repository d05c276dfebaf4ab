const SHOWN_FOR_MS = 1500;

/** Copies a text when the button is pressed, and says so on it. */
export function copyOnPress(button: HTMLButtonElement, text: () => string): void {
  const label = button.textContent;
  button.addEventListener('click', async () => {
    await navigator.clipboard.writeText(text());
    button.textContent = 'Copied';
    setTimeout(() => {
      button.textContent = label;
    }, SHOWN_FOR_MS);
  });
}
