import { element } from './element.ts';

/** Sends the abuse report of a share's page. */
const form = element(HTMLFormElement, '#report');
const status = element(HTMLElement, '#report-status');

form.addEventListener('submit', async (event) => {
  event.preventDefault();
  const { reason, details, contact } = Object.fromEntries(new FormData(form));
  const response = await fetch(form.action, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ reason, details, contact: contact || null }),
  });
  status.textContent = response.ok
    ? 'Thank you. It was received and will be read.'
    : 'It could not be sent; please try again later.';
});
