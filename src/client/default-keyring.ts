/** Which Ed25519 provider is used when none is asked for. Only the chosen one stays loaded. */

import type { Keyring } from '../keyring/keyring.ts';

type Load = () => Promise<{ readonly keyring: Keyring }>;

/** From the fastest that may be there to the one that is everywhere. */
function candidates(): readonly Load[] {
  const portable: readonly Load[] = [
    () => import('../keyring/webcrypto.ts'),
    () => import('../keyring/sodium.ts'),
    () => import('../keyring/noble.ts'),
  ];
  const { process } = globalThis as { process?: { versions?: { node?: string } } };
  const onNode = process?.versions?.node !== undefined;
  return onNode ? [() => import('../keyring/node.ts'), ...portable] : portable;
}

/** True when the keyring makes a key and a signature that it then accepts, and refuses another. */
async function works(keyring: Keyring): Promise<boolean> {
  const { publicKey, secretKey } = await keyring.generate();
  const message = Uint8Array.of(1);
  const signature = await keyring.sign(secretKey, message);
  secretKey.fill(0);
  if (await keyring.verify(publicKey, Uint8Array.of(2), signature)) return false;
  return await keyring.verify(publicKey, message, signature);
}

/** The first keyring that loads and works. Rejects with all the reasons when there is none. */
export async function firstKeyring(loads: readonly Load[]): Promise<Keyring> {
  const reasons: unknown[] = [];
  for (const load of loads) {
    try {
      const { keyring } = await load();
      if (await works(keyring)) return keyring;
      reasons.push(new Error(`keyring ${keyring.name} refuses its own signatures`));
    } catch (error) {
      reasons.push(error);
    }
  }
  throw new AggregateError(reasons, 'no Ed25519 provider works here; give the option keyring');
}

let chosen: Promise<Keyring> | null = null;

/** node:crypto on Node, else WebCrypto, libsodium or noble, whichever works first; chosen once. */
export function defaultKeyring(): Promise<Keyring> {
  chosen ??= firstKeyring(candidates());
  return chosen;
}
