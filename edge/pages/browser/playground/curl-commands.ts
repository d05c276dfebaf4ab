import type { GenerationRequest } from '../../../client/create-client.ts';

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/**
 * Shell commands that do what the page does. The token is a variable: it stands in no text that gets copied around.
 * `photo` is null when the concept is there already.
 */
export function curlCommands(
  origin: string,
  photo: { readonly name: string; readonly hasMask: boolean } | null,
  request: GenerationRequest,
): string {
  const authorization = `-H "Authorization: Bearer $ELITE_TOKEN"`;
  const encode = photo && [
    `curl ${quoted(`${origin}/v1/concepts`)} ${authorization} -H 'Prefer: wait=60' \\`,
    `  -F ${quoted(`image=@${photo.name}`)}${photo.hasMask ? " -F 'mask=@mask.png'" : ''}`,
    '',
  ];
  const draw = [
    `curl ${quoted(`${origin}/v1/generations`)} ${authorization} -H 'Prefer: wait=60' \\`,
    `  -H 'Content-Type: application/json' -d ${quoted(JSON.stringify(request, null, 2))}`,
  ];
  return [...(encode ?? []), ...draw].join('\n');
}
