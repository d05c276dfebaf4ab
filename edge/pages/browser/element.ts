/** An element that the page has for sure; throws when the page and its script disagree. */
export function element<T extends Element>(kind: new () => T, selector: string, within: ParentNode = document): T {
  const found = within.querySelector(selector);
  if (!(found instanceof kind)) {
    throw new Error(`expected ${selector} to be a ${kind.name}, got ${found}`);
  }
  return found;
}
