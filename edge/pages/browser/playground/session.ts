import { type Client, createClient } from '../../../client/create-client.ts';
import { element } from '../element.ts';

const STORED_TOKEN = 'client-token';

/** What the page may do and with what. Starts without a token when neither the address nor this tab has one. */
export type Session = {
  readonly token: string;
  readonly client: Client;
  /** A concept that another account shared, as its URL, when the address named one. */
  readonly sharedUrl: string | null;
};

/** The address's fragment never leaves the browser; the token is taken out of it, so that nobody copies it along. */
function takeFragment(): URLSearchParams {
  const fragment = new URLSearchParams(location.hash.slice(1));
  if (fragment.has('token')) {
    const rest = new URLSearchParams(fragment);
    rest.delete('token');
    history.replaceState(null, '', rest.size > 0 ? `#${rest}` : location.pathname);
  }
  return fragment;
}

function sessionWith(token: string, share: string | null): Session {
  sessionStorage.setItem(STORED_TOKEN, token);
  return {
    token,
    client: createClient({ origin: location.origin, token }),
    sharedUrl: share && `${location.origin}/s/${share}`,
  };
}

/** Waits for a token from the form. */
async function askForToken(reason: string): Promise<string> {
  const form = element(HTMLFormElement, '#token-form');
  const input = element(HTMLInputElement, '#token');
  element(HTMLElement, '#token-error').textContent = reason;
  form.hidden = false;
  return new Promise((resolve) => {
    form.addEventListener(
      'submit',
      (event) => {
        event.preventDefault();
        form.hidden = true;
        resolve(input.value.trim());
      },
      { once: true },
    );
  });
}

async function isAlive({ client }: Session): Promise<boolean> {
  const { response } = await client.GET('/v1/concepts', { params: { query: { limit: 1 } } });
  return response.status !== 401;
}

/** A session with a token that works: from the address, from this tab, or asked for. */
export async function openSession(): Promise<Session> {
  const fragment = takeFragment();
  const share = fragment.get('share');
  const known = fragment.get('token') ?? sessionStorage.getItem(STORED_TOKEN);
  let session = sessionWith(known ?? (await askForToken('')), share);
  while (!(await isAlive(session))) {
    session = sessionWith(await askForToken('That token does not work, or no longer.'), share);
  }
  return session;
}
