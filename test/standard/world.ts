/** One session of three players, and what each of them says in its first round. */

import { expect } from 'vitest';
import { seatOf } from '../../src/base/ids.ts';
import { nobody, playersFromBits } from '../../src/base/players.ts';
import { commit, commitmentSet, vectorDigest } from '../../src/crypto/commitment.ts';
import { keyring } from '../../src/keyring/node.ts';
import { type Evidence, encodeEvidence, prove } from '../../src/protocol/evidence.ts';
import { sessionOf } from '../../src/protocol/handshake.ts';
import { encodeBundle, type Item, type Standing } from '../../src/wire/envelope.ts';
import { type HelloBody, sealHello, signedHello } from '../../src/wire/hello.ts';
import type { Packet } from '../../src/wire/packet.ts';
import { encodeRounds, NOTHING_HEARD, type RoundSets } from '../../src/wire/rounds.ts';
import type { RoundsItem } from '../../src/wire/rounds-item.ts';
import type { Statement } from '../../src/wire/statement.ts';
import { Watcher } from './checker-match.ts';
import { agreement, fixed, type Player, playersOf } from './match.ts';
import { filled, type Signer, sign } from './messages.ts';

export const players: readonly Player[] = playersOf(3);
export const keys: readonly Uint8Array[] = players.map(({ publicKey }) => publicKey);
export const nonces: readonly Uint8Array[] = keys.map((_, seat) => fixed(`nonce ${seat}`, 16));
export const session: Uint8Array = sessionOf(agreement, keys, nonces);
export const signers: readonly Signer[] = players.map((player, seat) => ({ ...player, session, seat }));
const [a] = signers as [Signer];

/** The hello of a seat that has heard all others, or another one, signed all the same. */
export function helloOf(seat: number, change: Partial<HelloBody> = {}): Uint8Array {
  const { publicKey, secretKey } = players[seat] as Player;
  const nonce = nonces[seat] as Uint8Array;
  const body = { publicKey, nonce, agreement, roster: keys, nonces, ...change };
  const { message } = sealHello(signedHello(body, filled(0, 64)));
  return signedHello(body, keyring.sign(secretKey, message)).bytes;
}

export const still: Standing = {
  epoch: 0,
  round: 1,
  commits: nobody,
  opens: nobody,
  removes: nobody,
  causes: nobody,
};

export function bundleOf(...packets: readonly Packet[]): Uint8Array {
  const items = packets.map(({ bytes }): Item => ({ type: 'packet', bytes }));
  return encodeBundle(session, { standing: still, items });
}

export function itemOf(bytes: Uint8Array, type: Item['type'] = 'packet'): Uint8Array {
  return encodeBundle(session, { standing: still, items: [{ type, bytes }] });
}

/** What somebody holds of a round of neo: these commitments, and these votes if others than those. */
export function seen(commits: number, votes: number = commits): RoundSets {
  return {
    commits: playersFromBits(commits),
    votes: playersFromBits(votes),
    opens: nobody,
    decided: nobody,
    opened: nobody,
  };
}

/** A datagram of neo of somebody who has heard nothing yet. */
export function roundsOf(items: readonly RoundsItem[] = [], rounds: readonly RoundSets[] = []): Uint8Array {
  const stamp = { sentAt: 5, echo: 0, held: NOTHING_HEARD };
  return encodeRounds(session, { header: { stamp, final: 0, rounds }, items });
}

/** A watcher that has heard the hellos and whatever was sent since. */
export function watcherOf(...sent: readonly Packet[]): Watcher {
  const watcher = new Watcher();
  for (const seat of players.keys()) {
    const unheard = nonces.map((nonce, other) => (other <= seat ? nonce : filled(0, 16)));
    expect(watcher.take(seat, helloOf(seat, { nonces: unheard }))).toEqual([]);
  }
  expect(watcher.session?.toString('hex')).toBe(Buffer.from(session).toString('hex'));
  for (const packet of sent) expect(watcher.take(packet.sender, bundleOf(packet))).toEqual([]);
  return watcher;
}

export const place: { readonly epoch: number; readonly round: number } = { epoch: 0, round: 1 };

export const inputs: readonly { readonly input: Uint8Array; readonly salt: Uint8Array }[] = signers.map(
  ({ seat }) => ({ input: fixed(`input ${seat}`, 9), salt: fixed(`salt ${seat}`, 16) }),
);

export const commitments: readonly Uint8Array[] = inputs.map(({ input, salt }, seat) => {
  return commit({ session, ...place, author: seatOf(seat) }, salt, input);
});

/** COMMIT of each seat. */
export const commits: readonly Packet[] = signers.map((signer, seat) => {
  return sign(signer, { kind: 'commit', ...place, commitment: commitments[seat] as Uint8Array });
});

export const set: Statement = {
  kind: 'set',
  ...place,
  set: commitmentSet({ session, ...place }, commitments),
  state: filled(1),
};

/** A vote on the commitments of all seats. */
export const vote: Statement = {
  kind: 'vote',
  ...place,
  named: playersFromBits(0b111),
  values: vectorDigest(commitments),
  state: filled(1),
};

export const reveals: readonly Statement[] = inputs.map(({ input, salt }) => {
  return { kind: 'reveal', ...place, input, salt };
});

/** OPEN of each seat. */
export const opens: readonly Packet[] = signers.map((signer, seat) => {
  return sign(signer, set, reveals[seat] as Statement);
});

export function remove(target: number, advanced = 0): Statement {
  return { kind: 'remove', epoch: 0, target, advanced };
}

export function wish(index: number, target: number): Statement {
  return { kind: 'wish', epoch: 0, index, target, round: 1 };
}

/** A second COMMIT of seat 0, and the evidence that follows from it. */
export const otherCommit: Packet = sign(a, { kind: 'commit', ...place, commitment: filled(2) });
export const evidence: Uint8Array = encodeEvidence(
  prove(session, a.publicKey, commits[0] as Packet, otherCommit) as Evidence,
);

/** The bytes with one of them changed; a negative place counts from the end. */
export function edited(bytes: Uint8Array, at: number, value: number): Uint8Array {
  const changed = bytes.slice();
  changed[at < 0 ? bytes.length + at : at] = value;
  return changed;
}
