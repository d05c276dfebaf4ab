declare namespace Cloudflare {
  interface Env extends Readonly<import('../../edge/env.ts').EdgeEnv> {}
  interface GlobalProps {
    mainModule: typeof import('../../edge/worker.ts');
  }
}
