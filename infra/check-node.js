// Plain JavaScript, so that a Node too old for TypeScript can run it and say so.
const NEEDED = 24;

if (Number.parseInt(process.versions.node, 10) < NEEDED) {
  console.error(
    `expected Node ${NEEDED} or newer, got ${process.version}. The right one is a dev dependency that npm scripts find first: run \`npm ci\`, without --ignore-scripts.`,
  );
  process.exit(1);
}
