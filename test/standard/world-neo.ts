/** One session of neo, of four players, and what each of them says in a round in which all goes well. */

import { expect } from 'vitest';
import { seatOf } from '../../src/base/ids.ts';
import { playersFromBits } from '../../src/base/players.ts';
import { commit, vectorDigest } from '../../src/crypto/commitment.ts';
import { keyring } from '../../src/keyring/node.ts';
import { encodeAgreement, sessionOf } from '../../src/protocol/handshake.ts';
import { emptyUpdate, encodeUpdate, type Operation } from '../../src/protocol/neo/update.ts';
import { type HelloBody, sealHello, signedHello } from '../../src/wire/hello.ts';
import type { Packet } from '../../src/wire/packet.ts';
import { encodePlain } from '../../src/wire/plain.ts';
import { encodeRounds, NOTHING_HEARD, type RoundsHeader } from '../../src/wire/rounds.ts';
import type { RoundsItem } from '../../src/wire/rounds-item.ts';
import type { Statement } from '../../src/wire/statement.ts';
import { handsRead } from './checker-game.ts';
import { NeoWatcher } from './checker-neo.ts';
import { fixed, type Player, playersOf } from './match.ts';
import { hands, parametersOf } from './match-neo.ts';
import { filled, type Signer, sign } from './messages.ts';

export const agreement: Uint8Array = encodeAgreement({
  game: { id: hands.id, version: hands.version, rules: hands.rules },
  protocol: { name: 'neo', parameters: { ...parametersOf() } },
});
export const players: readonly Player[] = playersOf(4);
const keys = players.map(({ publicKey }) => publicKey);
const nonces = keys.map((_, seat) => fixed(`nonce of neo ${seat}`, 16));
export const session: Uint8Array = sessionOf(agreement, keys, nonces);
export const signers: readonly Signer[] = players.map((player, seat) => ({ ...player, session, seat }));
export const everybody = 0b1111;

export function helloOf(seat: number): Uint8Array {
  const { publicKey, secretKey } = players[seat] as Player;
  const known = nonces.map((nonce, other) => (other <= seat ? nonce : filled(0, 16)));
  const body: HelloBody = {
    publicKey,
    nonce: nonces[seat] as Uint8Array,
    agreement,
    roster: keys,
    nonces: known,
  };
  const { message } = sealHello(signedHello(body, filled(0, 64)));
  return signedHello(body, keyring.sign(secretKey, message)).bytes;
}

export function roundsOf(items: readonly RoundsItem[], header: Partial<RoundsHeader> = {}): Uint8Array {
  const stamp = { sentAt: 5, echo: 0, held: NOTHING_HEARD };
  return encodeRounds(session, { header: { stamp, final: 0, rounds: [], ...header }, items });
}

export function carrying(...packets: readonly Packet[]): Uint8Array {
  return roundsOf(packets.map(({ bytes }): RoundsItem => ({ type: 'packet', bytes })));
}

/** A watcher that has heard the hellos. */
export function newWatcher(): NeoWatcher {
  const watcher = new NeoWatcher(handsRead);
  for (const seat of players.keys()) watcher.take(seat, helloOf(seat));
  expect(watcher.deviations).toEqual([]);
  expect(watcher.meeting.session).toEqual(Buffer.from(session));
  return watcher;
}

/** The digest of the state that everybody begins with. */
export const firstState: Uint8Array = new Uint8Array(newWatcher().finals[0]?.stateDigest ?? []);

/** What all members say in a round. */
export interface Wave {
  readonly commitments: readonly Uint8Array[];
  readonly commits: readonly Packet[];
  readonly votes: readonly Packet[];
  readonly reveals: readonly Packet[];
  readonly holds: readonly Packet[];
  readonly vote: Extract<Statement, { kind: 'vote' }>;
}

export function waveOf(
  round: number,
  state: Uint8Array,
  says: Readonly<Record<number, readonly Operation[]>> = {},
): Wave {
  const place = { epoch: 0, round };
  const openings = signers.map(({ seat }) => {
    const update = { ...emptyUpdate, operations: says[seat] ?? [], input: encodePlain(1000 + seat) };
    return { input: encodeUpdate(update), salt: fixed(`salt ${seat} ${round}`, 16) };
  });
  const commitments = openings.map(({ input, salt }, seat) =>
    commit({ session, ...place, author: seatOf(seat) }, salt, input),
  );
  const vote = {
    kind: 'vote',
    ...place,
    named: playersFromBits(everybody),
    values: vectorDigest(commitments),
    state,
  } as const;
  return {
    commitments,
    vote,
    commits: signers.map((signer, seat) =>
      sign(signer, { kind: 'commit', ...place, commitment: commitments[seat] as Uint8Array }),
    ),
    votes: signers.map((signer) => sign(signer, vote)),
    reveals: signers.map((signer, seat) =>
      sign(signer, { kind: 'reveal', ...place, ...(openings[seat] as (typeof openings)[number]) }),
    ),
    holds: signers.map((signer) => {
      const authors = playersFromBits(everybody & ~(1 << signer.seat));
      const values = vectorDigest(commitments.filter((_, seat) => seat !== signer.seat));
      return sign(signer, { kind: 'hold', ...place, index: 0, authors, values });
    }),
  };
}

/** The first round. */
export const first: Wave = waveOf(1, firstState);

/** Has a watcher see these packets, each from its signer. */
export function told(watcher: NeoWatcher, ...packets: readonly Packet[]): NeoWatcher {
  for (const packet of packets) watcher.take(packet.sender, carrying(packet));
  watcher.finish();
  return watcher;
}

/** Bytes that are no update. */
export const badUpdates: readonly Uint8Array[] = [
  [0],
  [33, ...Array<number>(33).fill(4)],
  [1],
  [1, 0],
  [1, 6],
  [0x80, 0, 1, 0],
  [1, 3, 0, 0, 0, 1, 16],
  [1, 2, 0, 0, 0, 1, 16, 0, 0],
  [1, 1, 0, 2, 7],
  [4, ...Array<number[]>(4).fill([1, 0, 0]).flat()],
  [0, ...filled(1, 513)],
  [1, 1, 3, 32, ...filled(1, 800)],
  [1, 5, ...filled(1, 48), 0, ...filled(1, 64)],
  [1, 5, ...filled(1, 48), 1, 32, ...filled(1, 64)],
  [1, 5, ...filled(1, 48), 65, ...filled(65, 65), ...filled(1, 64)],
].map((bytes) => Uint8Array.from(bytes));
