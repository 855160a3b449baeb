/** Keys of simulated players, and signatures without doing the same work for every receiver. */

import { ed25519 } from '@noble/curves/ed25519.js';
import { equalBytes } from '../base/bytes.ts';
import { hash } from '../crypto/hash.ts';
import { attest, isValidSignature, type Sealed, type Verified } from '../crypto/signature.ts';

/** What the simulator needs of a keyring: answers at once. The keyrings node, sodium and noble do. */
export interface Signer {
  publicKey(secretKey: Uint8Array): Uint8Array;
  sign(secretKey: Uint8Array, message: Uint8Array): Uint8Array;
  verify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean;
}

/** Ed25519 by @noble/curves: everywhere, and slow. */
export const nobleSigner: Signer = {
  publicKey: (secretKey) => ed25519.getPublicKey(secretKey),
  sign: (secretKey, message) => ed25519.sign(message, secretKey),
  verify: isValidSignature,
};

/** The secret key of a simulated player; worth nothing outside of a simulation. */
export function simulatedSecret(seed: number, index: number): Uint8Array {
  const text = `simulated ${seed} ${index}`;
  return hash(
    'seed',
    Uint8Array.from(text, (character) => character.charCodeAt(0)),
  );
}

const REMEMBERED_MAX = 1 << 16;

interface Verdict {
  readonly publicKey: Uint8Array;
  readonly message: Uint8Array;
  readonly valid: boolean;
}

/** Remembers the verdict on each signature, since in one process all receivers ask for the same. */
export class Verifier {
  readonly #signer: Signer;
  readonly #verdicts = new Map<string, Verdict>();

  constructor(signer: Signer) {
    this.#signer = signer;
  }

  #remember(signature: Uint8Array, verdict: Verdict): void {
    if (this.#verdicts.size >= REMEMBERED_MAX) this.#verdicts.clear();
    this.#verdicts.set(String.fromCharCode(...signature), verdict);
  }

  /** Signs; the signature is known to be valid from then on. */
  sign(secretKey: Uint8Array, publicKey: Uint8Array, message: Uint8Array): Uint8Array {
    const signature = this.#signer.sign(secretKey, message);
    this.#remember(signature, { publicKey, message, valid: true });
    return signature;
  }

  /** What {@link sign} has just signed. */
  own<T>(sealed: Sealed<T>): Verified<T> {
    return attest(sealed);
  }

  verify<T>(sealed: Sealed<T>): Verified<T> | null {
    const { publicKey, message, signature } = sealed;
    const known = this.#verdicts.get(String.fromCharCode(...signature));
    if (known && equalBytes(known.publicKey, publicKey) && equalBytes(known.message, message)) {
      return known.valid ? attest(sealed) : null;
    }
    const valid = this.#signer.verify(publicKey, message, signature);
    this.#remember(signature, { publicKey, message, valid });
    return valid ? attest(sealed) : null;
  }
}
