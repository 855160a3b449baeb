import { Console } from 'node:console';
import { Writable } from 'node:stream';
import { inspect } from 'node:util';
import { sha256 } from '@noble/hashes/sha2.js';
import { describe, expect, it } from 'vitest';
import { concatBytes, toHex } from '../../src/base/bytes.ts';
import { generateIdentity, type Identity, importIdentity } from '../../src/client/identity.ts';
import { COST_MAX, sealSecret } from '../../src/client/sealed-identity.ts';
import type { Keyring } from '../../src/keyring/keyring.ts';
import { keyring as noble } from '../../src/keyring/noble.ts';

/** RFC 8032, section 7.1, test 2: seed, public key, and the signature of the byte 0x72. */
const vector = {
  seed: '4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb',
  publicKey: '3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c',
  signature:
    '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da' +
    '085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00',
};
const bytesOf = (hex: string): Uint8Array =>
  Uint8Array.from(hex.match(/../g) ?? [], (byte) => Number.parseInt(byte, 16));
const seed = bytesOf(vector.seed);
const publicKey = bytesOf(vector.publicKey);

/** The bytes of an export, from its parts, with a checksum that fits. */
function exported(mode: number, body: Uint8Array, key: Uint8Array, version = 1): Uint8Array {
  const bytes = concatBytes(new TextEncoder().encode('FSID'), Uint8Array.of(version, mode), body, key);
  return concatBytes(bytes, sha256(bytes).subarray(0, 8));
}

const clear = exported(0, seed, publicKey);
/** Sealed at a quarter of the usual cost. */
const sealed = exported(1, await sealSecret(seed, 'Grüße', 15), publicKey);

async function failure(bytes: Uint8Array, options: { passphrase?: string } = {}): Promise<Error> {
  const error: unknown = await importIdentity(bytes, { ...options, keyring: noble }).then(
    () => null,
    (reason: unknown) => reason,
  );
  if (!(error instanceof Error)) throw new Error('was imported');
  return error;
}

describe('an identity', () => {
  it('signs by its keyring', async () => {
    const identity = await importIdentity(clear, { keyring: noble });
    expect(identity.keyring).toBe(noble);
    expect(toHex(identity.publicKey)).toBe(vector.publicKey);
    expect(toHex(await identity.sign(Uint8Array.of(0x72)))).toBe(vector.signature);
  });

  it('is new each time, of the default keyring unless there is another', async () => {
    const [one, two] = [await generateIdentity(), await generateIdentity({ keyring: noble })];
    expect(one.keyring.name).toBe('node');
    expect(two.keyring.name).toBe('noble');
    expect(one.publicKey).not.toEqual(two.publicKey);
    const message = Uint8Array.of(1, 2, 3);
    expect(noble.verify(one.publicKey, message, await one.sign(message))).toBe(true);
  });

  it('works with a keyring that answers by promise', async () => {
    const later: Keyring = {
      name: 'later',
      generate: async () => noble.generate(),
      publicKey: async (secret) => noble.publicKey(secret),
      sign: async (secret, message) => noble.sign(secret, message),
      verify: async (...parts) => noble.verify(...parts),
    };
    const identity = await importIdentity(clear, { keyring: later });
    expect(toHex(await identity.sign(Uint8Array.of(0x72)))).toBe(vector.signature);
    const fresh = await generateIdentity({ keyring: later });
    expect((await importIdentity(await fresh.export(), { keyring: later })).publicKey).toEqual(
      fresh.publicKey,
    );
  });

  it('cannot be changed', async () => {
    const identity = await importIdentity(clear, { keyring: noble });
    identity.publicKey.fill(0);
    expect(toHex(identity.publicKey)).toBe(vector.publicKey);
    expect(() => Object.assign(identity, { keyring: null })).toThrow(TypeError);
    expect(() => Object.assign(identity, { extra: 1 })).toThrow(TypeError);
    const bytes = clear.slice();
    const importing = importIdentity(bytes, { keyring: noble });
    bytes.fill(0);
    expect(toHex((await importing).publicKey)).toBe(vector.publicKey);
  });

  it('refuses a keyring that is none, and to sign in the name of something else', async () => {
    const keyring = { ...noble, verify: undefined } as unknown as Keyring;
    await expect(generateIdentity({ keyring })).rejects.toThrow(
      'keyring must have generate, publicKey, sign and verify',
    );
    await expect(generateIdentity({ keyring: null as unknown as Keyring })).rejects.toThrow(TypeError);
    const identity = await importIdentity(clear, { keyring: noble });
    const copy = Object.create(identity) as Identity;
    expect(() => copy.sign(seed)).toThrow('not one that generateIdentity or importIdentity made');
  });
});

describe('the secret of an identity is never shown', () => {
  /** Finds the first bytes of the seed in decimal, hexadecimal, base64 or Latin-1, whatever the spacing. */
  function leaks(text: string): boolean {
    const head = seed.subarray(0, 9);
    const numbers = (text.match(/\d+/g) ?? []).join();
    const compact = text.replace(/\s/g, '').toLowerCase();
    const base64 = Buffer.from(head).toString('base64');
    return (
      numbers.includes(head.join()) ||
      compact.includes(toHex(head)) ||
      text.includes(base64) ||
      text.includes(base64.replaceAll('/', '_').replaceAll('+', '-')) ||
      text.includes(Buffer.from(head).toString('latin1'))
    );
  }

  it('as this test could tell', () => {
    const shown = [
      inspect({ seed }, { depth: null }),
      inspect(Buffer.from(seed)),
      JSON.stringify({ seed: [...seed] }),
      JSON.stringify(Buffer.from(seed)),
      String(seed),
      vector.seed.toUpperCase(),
      Buffer.from(seed).toString('base64url'),
      Buffer.from(seed).toString('latin1'),
    ];
    for (const text of shown) expect(leaks(text)).toBe(true);
    expect(leaks(inspect({ publicKey }))).toBe(false);
  });

  it('by inspecting, printing, serialising or copying', async () => {
    const identity = await importIdentity(clear, { keyring: noble });
    const printed: string[] = [];
    const stdout = new Writable({
      write(text, _encoding, done) {
        printed.push(String(text));
        done();
      },
    });
    const terminal = new Console({ stdout });
    terminal.log(identity, { identity });
    terminal.log('%o %O %j %s', identity, identity, identity, identity);
    terminal.dir(identity, { showHidden: true, depth: null });
    terminal.table([identity]);
    expect(printed.length).toBeGreaterThan(3);
    const options = { showHidden: true, depth: null, getters: true, maxArrayLength: null } as const;
    const texts = [
      ...printed,
      inspect(identity, options),
      inspect(identity, { ...options, customInspect: false }),
      inspect({ nested: [identity] }, options),
      JSON.stringify({ identity }),
      String(identity),
      `${identity as unknown as string}`,
      inspect({ ...identity }, options),
      inspect(Object.getOwnPropertyDescriptors(identity), options),
      inspect(Object.entries(identity), options),
      inspect(structuredClone(identity), options),
      identity.sign.toString(),
    ];
    for (const text of texts) expect(leaks(text)).toBe(false);
    expect(inspect(identity)).toBe(`Identity(${vector.publicKey})`);
    expect(JSON.stringify(identity)).toBe(`{"publicKey":"${vector.publicKey}"}`);
    expect(Reflect.ownKeys(identity)).toEqual([]);
  });

  it('by an error', async () => {
    const short = exported(0, seed.subarray(0, 31), publicKey);
    const other = exported(0, seed, new Uint8Array(32));
    const identity = await importIdentity(clear, { keyring: noble });
    const errors = await Promise.all([
      failure(short),
      failure(other),
      failure(clear, { passphrase: 'x' }),
      failure(sealed, { passphrase: 'wrong' }),
      identity.export('').catch((error: unknown) => error as Error),
      Promise.resolve()
        .then(() => identity.sign('x' as unknown as Uint8Array))
        .catch((error: unknown) => error as Error),
    ]);
    for (const error of errors) expect(leaks(inspect(error, { showHidden: true, depth: null }))).toBe(false);
  });
});

describe('export without a passphrase', () => {
  it('is magic, version, mode, seed, public key and checksum', async () => {
    const identity = await importIdentity(clear, { keyring: noble });
    expect(await identity.export()).toEqual(clear);
    expect(clear.length).toBe(78);
  });

  it('is refused after any edit of one byte, any cut and any addition', async () => {
    for (let at = 0; at < clear.length; at++) {
      for (const flip of [0x01, 0x80, 0xff]) {
        const edited = clear.slice();
        edited[at] = (edited[at] as number) ^ flip;
        expect((await failure(edited)).message).toMatch(/^importIdentity: .*(damaged|no exported identity)/);
      }
      expect((await failure(clear.subarray(0, at))).message).toMatch(
        /truncated|damaged|no exported identity/,
      );
    }
    expect((await failure(concatBytes(clear, Uint8Array.of(0)))).message).toMatch(/the length is wrong/);
  });

  it('is refused when its key is another, or when it is of another version', async () => {
    const other = exported(0, seed, noble.publicKey(new Uint8Array(32)));
    expect((await failure(other)).message).toMatch(/do not belong together/);
    expect((await failure(exported(0, seed, publicKey, 2))).message).toMatch(/newer version/);
    expect((await failure(exported(2, seed, publicKey))).message).toMatch(/newer version/);
  });

  it('is no sealed one', async () => {
    expect((await failure(clear, { passphrase: 'x' })).message).toMatch(
      /not sealed; leave out the option passphrase/,
    );
    await expect(importIdentity('FSID' as unknown as Uint8Array)).rejects.toThrow(TypeError);
    expect((await failure(new Uint8Array(0))).message).toMatch(/no exported identity/);
  });
});

describe('export with a passphrase', () => {
  it('gives the identity back to who knows it, at the usual cost', { timeout: 60_000 }, async () => {
    const identity = await importIdentity(clear, { keyring: noble });
    const bytes = await identity.export('correct horse');
    expect(bytes.length).toBe(6 + 91 + 32 + 8);
    expect(bytes[6]).toBe(COST_MAX);
    expect(toHex(bytes)).not.toContain(vector.seed);
    const again = await importIdentity(bytes, { passphrase: 'correct horse', keyring: noble });
    expect(toHex(await again.sign(Uint8Array.of(0x72)))).toBe(vector.signature);
  });

  it('differs each time', async () => {
    const other = await sealSecret(seed, 'Grüße', 15);
    expect(other.subarray(3)).not.toEqual(sealed.subarray(6 + 3, 6 + 91));
  });

  it('does not mind how the accents were typed', async () => {
    const typed = ['Gr\u00fc\u00dfe', 'Gru\u0308\u00dfe'];
    expect(typed[0]).not.toBe(typed[1]);
    for (const passphrase of typed) {
      const identity = await importIdentity(sealed, { passphrase, keyring: noble });
      expect(toHex(identity.publicKey)).toBe(vector.publicKey);
    }
  });

  it('tells a wrong, a missing and an empty passphrase apart', async () => {
    expect((await failure(sealed, { passphrase: 'gruesse' })).message).toBe(
      'importIdentity: the passphrase is wrong',
    );
    expect((await failure(sealed)).message).toBe('importIdentity: sealed; give the option passphrase');
    expect((await failure(sealed, { passphrase: '' })).message).toMatch(/must be a string that is not empty/);
    const identity = await importIdentity(clear, { keyring: noble });
    await expect(identity.export('')).rejects.toThrow(TypeError);
    await expect(identity.export(5 as unknown as string)).rejects.toThrow(TypeError);
  });

  it('is refused after any edit of one byte and any cut, before any work', async () => {
    for (let at = 0; at < sealed.length; at++) {
      const edited = sealed.slice();
      edited[at] = (edited[at] as number) ^ 0x01;
      expect((await failure(edited, { passphrase: 'Grüße' })).message).toMatch(
        /damaged|no exported identity/,
      );
      const cut = await failure(sealed.subarray(0, at), { passphrase: 'Grüße' });
      expect(cut.message).toMatch(/truncated|damaged|no exported identity/);
    }
  });

  it('is refused with a checksum that fits, too: parameters, box or key of another', async () => {
    const body = sealed.subarray(6, 6 + 91);
    const edit = (at: number, byte: number): Uint8Array => {
      const edited = body.slice();
      edited[at] = byte;
      return exported(1, edited, publicKey);
    };
    for (const [at, byte] of [
      [0, 14],
      [0, 18],
      [0, 255],
      [1, 9],
      [1, 255],
      [2, 0],
      [2, 2],
    ] as const) {
      expect((await failure(edit(at, byte), { passphrase: 'Grüße' })).message).toMatch(
        /more work than any export/,
      );
    }
    for (const at of [3, 19, 43, 90]) {
      const changed = edit(at, (body[at] as number) ^ 1);
      expect((await failure(changed, { passphrase: 'Grüße' })).message).toMatch(/passphrase is wrong/);
    }
    const other = exported(1, body, noble.publicKey(new Uint8Array(32)));
    expect((await failure(other, { passphrase: 'Grüße' })).message).toMatch(/do not belong together/);
  });
});
