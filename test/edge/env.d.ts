declare namespace Cloudflare {
  interface Env extends Readonly<import('../../edge/env.ts').EdgeEnv> {
    /** Of test/edge-receiver. */
    readonly RECEIVER_ORIGIN: string;
  }
  interface GlobalProps {
    mainModule: typeof import('../../edge/worker.ts');
  }
}
