/**
 * The web-standard globals this folder uses, typed by hand: it is compiled without Node's or Workers' types, so that
 * nothing here can come to depend on either.
 */

type Digest = 'SHA-256';

type HmacKey = { readonly type: 'secret' };

type WebStandards = {
  readonly crypto: {
    getRandomValues<T extends Uint8Array>(array: T): T;
    readonly subtle: {
      digest(algorithm: Digest, data: Uint8Array): Promise<ArrayBuffer>;
      importKey(
        format: 'raw',
        key: Uint8Array,
        algorithm: { name: 'HMAC'; hash: Digest },
        extractable: false,
        usages: readonly ('sign' | 'verify')[],
      ): Promise<HmacKey>;
      sign(algorithm: 'HMAC', key: HmacKey, data: Uint8Array): Promise<ArrayBuffer>;
      /** Compares in constant time. */
      verify(algorithm: 'HMAC', key: HmacKey, signature: Uint8Array, data: Uint8Array): Promise<boolean>;
    };
  };
  readonly TextEncoder: new () => { encode(text: string): Uint8Array };
  readonly TextDecoder: new (label: 'utf-8', options: { fatal: boolean }) => { decode(bytes: Uint8Array): string };
};

export const { crypto, TextEncoder, TextDecoder } = globalThis as unknown as WebStandards;
