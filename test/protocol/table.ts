/** Fixtures of the protocol's tests: people with real keys, and lockstep machines that sign when told to. */

import { compareBytes, equalBytes } from '../../src/base/bytes.ts';
import { type Seat, seatOf } from '../../src/base/ids.ts';
import { commit, commitmentSet } from '../../src/crypto/commitment.ts';
import { hash } from '../../src/crypto/hash.ts';
import { attest, type Verified } from '../../src/crypto/signature.ts';
import { keyring } from '../../src/keyring/node.ts';
import type { Effect } from '../../src/protocol/effect.ts';
import { decodeEvidence, verifyEvidence } from '../../src/protocol/evidence.ts';
import { encodeAgreement, sessionOf } from '../../src/protocol/handshake.ts';
import { type LockstepEvent, stepLockstep } from '../../src/protocol/lockstep.ts';
import { beginLockstep, type Lockstep } from '../../src/protocol/lockstep-state.ts';
import { simulatedSecret } from '../../src/sim/keys.ts';
import { type Hello, type HelloBody, sealHello, signedHello } from '../../src/wire/hello.ts';
import { entriesOf, type Packet, signedMessage, signedPacket } from '../../src/wire/packet.ts';
import type { Plain } from '../../src/wire/plain.ts';
import type { Commit, CommitmentSet, Reveal, Statement } from '../../src/wire/statement.ts';

/** Players of one session, in seat order. */
export interface People {
  readonly session: Uint8Array;
  readonly keys: readonly Uint8Array[];
  readonly secrets: readonly Uint8Array[];
}

/** An agreement as most tests have it, with what is told changed. */
export function agreement(
  change: { id?: string; version?: number; rules?: Plain; protocol?: string; parameters?: Plain } = {},
): Uint8Array {
  const { id = 'test', version = 1, protocol = 'lockstep', parameters = { stallMs: 1000 } } = change;
  return encodeAgreement({
    game: { id, version, rules: change.rules ?? null },
    protocol: { name: protocol, parameters },
  });
}

export const rules: Uint8Array = agreement();

export const noState: Uint8Array = new Uint8Array(32);

export function nonceOf(seat: number): Uint8Array {
  return new Uint8Array(16).fill(seat + 1);
}

export function bytesOfText(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

const known = new Map<number, People>();

/** That many players with keys of their own; the same ones every time. */
export function people(count: number): People {
  const of = known.get(count) ?? seated(count);
  known.set(count, of);
  return of;
}

function seated(count: number): People {
  const pairs = Array.from({ length: count }, (_, index) => simulatedSecret(count, index))
    .map((secret) => ({ secret, key: keyring.publicKey(secret) }))
    .sort((a, b) => compareBytes(a.key, b.key));
  const keys = pairs.map(({ key }) => key);
  const session = sessionOf(
    rules,
    keys,
    keys.map((_, seat) => nonceOf(seat)),
  );
  return { session, keys, secrets: pairs.map(({ secret }) => secret) };
}

/** The statements as one packet, signed by that seat. */
export function packet(of: People, seat: number, ...statements: readonly Statement[]): Verified<Packet> {
  const entries = entriesOf(statements);
  const message = signedMessage(of.session, seatOf(seat), entries);
  const signature = keyring.sign(of.secrets[seat] as Uint8Array, message);
  const publicKey = of.keys[seat] as Uint8Array;
  return attest({ publicKey, message, signature, value: signedPacket(seatOf(seat), entries, signature) });
}

export interface Place {
  readonly epoch: number;
  readonly round: number;
}

export const first: Place = { epoch: 0, round: 1 };

/** What a seat that plays `text` says: its commitment, and what it is opened to. */
export function move(of: People, seat: number, text: string, place: Place = first): [Commit, Reveal] {
  const salt = hash('seed', bytesOfText(`${seat} ${text} ${place.epoch} ${place.round}`)).slice(0, 16);
  const input = bytesOfText(text);
  const commitment = commit({ session: of.session, ...place, author: seatOf(seat) }, salt, input);
  return [
    { kind: 'commit', ...place, commitment },
    { kind: 'reveal', ...place, input, salt },
  ];
}

/** The SET of those commitments, which are in seat order. */
export function setOf(of: People, commits: readonly Commit[], place: Place = first): CommitmentSet {
  const set = commitmentSet(
    { session: of.session, ...place },
    commits.map(({ commitment }) => commitment),
  );
  return { kind: 'set', ...place, set, state: noState };
}

/** The hello of a seat, in which it holds no nonce of anybody unless told. */
export function helloOf(from: People, seat: number, body: Partial<HelloBody> = {}): Verified<Hello> {
  const all = {
    publicKey: from.keys[seat] as Uint8Array,
    nonce: nonceOf(seat),
    agreement: rules,
    roster: from.keys,
    nonces: from.keys.map(() => new Uint8Array(16)),
    ...body,
  };
  const { message } = sealHello(signedHello(all, new Uint8Array(64)));
  const signature = keyring.sign(from.secrets[seat] as Uint8Array, message);
  return attest({ publicKey: all.publicKey, message, signature, value: signedHello(all, signature) });
}

/** A lockstep machine with the key of its player. */
export class Machine {
  state: Lockstep;
  readonly seat: Seat;
  /** All effects so far. */
  readonly effects: Effect[] = [];
  /** Own packets in the order in which they were signed. */
  readonly signed: Verified<Packet>[] = [];
  /** What waits for a signature. */
  readonly drafts: (readonly Statement[])[] = [];
  readonly #of: People;
  readonly #slow: boolean;

  /** A slow one signs only when `sign` is called. */
  constructor(of: People, seat: number, slow = false) {
    this.#of = of;
    this.#slow = slow;
    this.seat = seatOf(seat);
    this.state = beginLockstep({ session: of.session, keys: of.keys, me: this.seat });
  }

  take(event: LockstepEvent): this {
    const [state, effects] = stepLockstep(this.state, event);
    this.state = state;
    this.effects.push(...effects);
    for (const effect of effects) {
      if (effect.type === 'sign' && effect.draft.type === 'packet') this.drafts.push(effect.draft.statements);
    }
    return this.#slow ? this : this.sign();
  }

  /** Signs what waits, and takes it in. */
  sign(count: number = Number.POSITIVE_INFINITY): this {
    for (let left = count; left > 0; left--) {
      const statements = this.drafts.shift();
      if (statements === undefined) break;
      const own = packet(this.#of, this.seat, ...statements);
      this.signed.push(own);
      this.take({ type: 'packet', packet: own });
    }
    return this;
  }

  play(text: string): this {
    const { epoch, round } = this.state;
    const [, { input, salt }] = move(this.#of, this.seat, text, { epoch, round });
    return this.take({ type: 'input', input: { input, salt, state: noState } });
  }

  hear(...packets: readonly Verified<Packet>[]): this {
    for (const each of packets) this.take({ type: 'packet', packet: each });
    return this;
  }

  /** Takes a proof in as it stands in a datagram. */
  learn(evidence: Uint8Array): this {
    const proof = decodeEvidence(evidence)?.packets as readonly Verified<Packet>[];
    return this.take({ type: 'proof', proof });
  }

  wish(target: number | null): this {
    return this.take({ type: 'wish', target: target === null ? null : seatOf(target) });
  }

  all<Type extends Effect['type']>(type: Type): Extract<Effect, { type: Type }>[] {
    return this.effects.filter((effect): effect is Extract<Effect, { type: Type }> => effect.type === type);
  }

  /** Every statement of that kind that was given out to be signed. */
  said<Kind extends Statement['kind']>(kind: Kind): Extract<Statement, { kind: Kind }>[] {
    return this.all('sign').flatMap(({ draft }) =>
      draft.type === 'packet'
        ? draft.statements.filter((each): each is Extract<Statement, { kind: Kind }> => each.kind === kind)
        : [],
    );
  }
}

export function machines(of: People): Machine[] {
  return of.keys.map((_, seat) => new Machine(of, seat));
}

/** Gives every own packet to everybody else, until nothing new is signed. Lost ones do not come again. */
export function mingle(
  all: readonly Machine[],
  lose: (from: number, to: number, packet: Packet) => boolean = () => false,
): void {
  const given = new Map<Machine, number>();
  let left = true;
  while (left) {
    left = false;
    for (const from of all) {
      const start = given.get(from) ?? 0;
      given.set(from, from.signed.length);
      for (const each of from.signed.slice(start)) {
        left = true;
        for (const to of all) if (to !== from && !lose(from.seat, to.seat, each)) to.hear(each);
      }
    }
  }
}

/** Packets of a round in which everybody plays its text: their COMMITs, and their SETs with REVEAL. */
export function roundOf(
  of: People,
  texts: readonly string[],
  place: Place = first,
): {
  readonly set: CommitmentSet;
  readonly commits: readonly Verified<Packet>[];
  readonly opens: readonly Verified<Packet>[];
} {
  const moves = texts.map((text, seat) => move(of, seat, text, place));
  const commits = moves.map(([commit]) => commit);
  const set = setOf(of, commits, place);
  return {
    set,
    commits: commits.map((each, seat) => packet(of, seat, each)),
    opens: moves.map(([, reveal], seat) => packet(of, seat, set, reveal)),
  };
}

/** Whom each piece of evidence convicts, before a judge who knows nothing else; -1 if nobody. */
export function convicted(machine: Machine): readonly number[] {
  const { keys, session } = machine.state.setup;
  return machine.all('evidence').map(({ evidence, player }) => {
    const verdict = verifyEvidence(evidence);
    const holds = verdict !== null && equalBytes(verdict.session, session);
    return holds && equalBytes(verdict.guilty, keys[player] as Uint8Array) ? player : -1;
  });
}
