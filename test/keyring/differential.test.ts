/** All keyrings, and the judge of evidence, on thousands of crafted signatures from one seed. */

import { createPublicKey, verify as nativeVerify } from 'node:crypto';
import { ed25519 } from '@noble/curves/ed25519.js';
import { beforeAll, describe, expect, it } from 'vitest';
import { isValidSignature } from '../../src/crypto/signature.ts';
import type { Keyring } from '../../src/keyring/keyring.ts';
import { keyring as noble } from '../../src/keyring/noble.ts';
import { keyring as node } from '../../src/keyring/node.ts';
import { keyring as sodium } from '../../src/keyring/sodium.ts';
import { keyring as webcrypto } from '../../src/keyring/webcrypto.ts';
import { type Crafted, craftAll } from './crafted.ts';

type Verify = (
  publicKey: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
) => boolean | Promise<boolean>;

const judges: readonly (readonly [string, Verify])[] = [
  ...[node, webcrypto, sodium, noble].map(
    (keyring: Keyring) => [`keyring ${keyring.name}`, keyring.verify] as const,
  ),
  ['isValidSignature', isValidSignature],
];

/** The kinds of the signatures whose verdict is not the expected one. */
async function disagreements(verify: Verify, cases: readonly Crafted[]): Promise<string[]> {
  const found: string[] = [];
  for (const { kind, publicKey, message, signature, valid } of cases) {
    if ((await verify(publicKey, message, signature)) !== valid) found.push(kind);
  }
  return found;
}

function rawNode(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  const x = Buffer.from(publicKey).toString('base64url');
  const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
  return nativeVerify(null, message, key, signature);
}

function rawNoble(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  return ed25519.verify(signature, message, publicKey);
}

/** A fresh seed each run; name it in FAIRSTEP_SEED to run it again. */
const fresh = Number(process.env.FAIRSTEP_SEED ?? Math.floor(Math.random() * 2 ** 32));

describe.each([
  { seed: 8032, rounds: 26 },
  { seed: fresh, rounds: 2 },
])('crafted signatures, seed $seed', { timeout: 120_000 }, ({ seed, rounds }) => {
  let cases: readonly Crafted[] = [];
  beforeAll(() => {
    cases = craftAll(seed, rounds);
  });

  it.each(judges)('%s gives the verdict of the algebra', async (_, verify) => {
    expect(await disagreements(verify, cases)).toEqual([]);
  });
});

describe('the crafted signatures of seed 8032', { timeout: 120_000 }, () => {
  const cases = craftAll(8032, 26);
  const isPair = (kind: string): boolean => kind.startsWith('pair');
  const isSmallOrder = (kind: string): boolean => kind.startsWith('small-order');

  it('are of every sort that tells verdicts apart', () => {
    const pairs = cases.filter(({ kind }) => isPair(kind));
    const mixed = pairs.filter(({ kind }) => kind !== 'pair 0 0');
    expect(new Set(pairs.map(({ kind }) => kind)).size).toBe(64);
    expect({
      all: cases.length,
      mixedOrderValid: mixed.filter(({ valid }) => valid).length,
      mixedOrderInvalid: mixed.filter(({ valid }) => !valid).length,
      smallOrder: cases.filter(({ kind }) => isSmallOrder(kind)).length,
      smallOrderThatHold: cases.filter(({ kind, holds }) => isSmallOrder(kind) && holds).length,
    }).toEqual({
      all: 2218,
      mixedOrderValid: 172,
      mixedOrderInvalid: 1466,
      smallOrder: 238,
      smallOrderThatHold: 47,
    });
  });

  it('are judged otherwise by @noble/curves without the rule', async () => {
    const found = await disagreements(rawNoble, cases);
    expect({
      pairs: found.filter(isPair).length,
      smallOrder: found.filter(isSmallOrder).length,
      others: found.filter((kind) => !isPair(kind) && !isSmallOrder(kind)),
    }).toEqual({ pairs: 1466, smallOrder: 238, others: [] });
  });

  it.runIf(process.versions.node.startsWith('20.'))(
    'are judged otherwise by node:crypto of Node 20 without the rule',
    async () => {
      const found = await disagreements(rawNode, cases);
      expect({
        smallOrder: found.filter(isSmallOrder).length,
        others: found.filter((kind) => !isSmallOrder(kind)),
      }).toEqual({ smallOrder: 31, others: [] });
    },
  );
});
