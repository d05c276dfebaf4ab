/** Starts Scalar, whose script this page has loaded before. */

type Scalar = { createApiReference(selector: string, configuration: object): void };

const { Scalar } = window as unknown as { Scalar: Scalar };

Scalar.createApiReference('#reference', {
  url: '/openapi.json',
  theme: 'default',
  withDefaultFonts: false, // they would come from another host
  telemetry: false,
  hideClientButton: true,
  showDeveloperTools: 'never',
  agent: { disabled: true },
  mcp: { disabled: true },
  defaultHttpClient: { targetKey: 'shell', clientKey: 'curl' },
});
