import { createSession, generateIdentity, type Identity, lockstep, type Session } from 'fairstep';
import { verifyEvidence } from 'fairstep/evidence';
import { keyring } from 'fairstep/keyring/node';
import { memoryLog } from 'fairstep/log';
import { memoryNetwork } from 'fairstep/memory';
import { type Cheat, type CheatContext, cheats } from 'fairstep/sim';
import { describe, expect, it } from 'vitest';
import { chooseTurn } from '../../examples/lightcycles/bot.ts';
import { besideTheTruth, cheating, signerOf } from '../../examples/lightcycles/cheater.ts';
import { type Arena, lightcycles, type Turn } from '../../examples/lightcycles/game.ts';
import type { RosterEntry } from '../../examples/lightcycles/roster.ts';

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');
const bytesOf = (word: string): Uint8Array => new Uint8Array(Buffer.from(word, 'latin1'));

/** Three players whose seats are not in the order of the roster: c, a, b. */
const roster: readonly RosterEntry[] = [9, 1, 5].map((first, index) => ({
  publicKey: Uint8Array.of(first, ...new Uint8Array(31)),
  address: 'abc'.charAt(index),
}));

interface Bench {
  readonly contexts: CheatContext[];
  readonly received: [string, string][];
  readonly run: () => Promise<void>;
}

describe('the cheating transport', () => {
  /** Sends everything to seat 0 too, and shows what comes from seat 0 as if from seat 2. */
  const gossip: Cheat = {
    name: 'gossip',
    begin: () => ({
      outgoing: (to, datagram) => [
        [to, datagram],
        [0, bytesOf(`copy of ${text(datagram)}`)],
      ],
      incoming: (from, datagram) => (from === 0 ? [[2, datagram]] : []),
    }),
  };

  function bench(cheat: Cheat): Bench {
    const contexts: CheatContext[] = [];
    const spied: Cheat = {
      name: cheat.name,
      begin: (context) => {
        contexts.push(context);
        return cheat.begin(context);
      },
    };
    const network = memoryNetwork({ seed: 1 });
    const received: [string, string][] = [];
    const own = cheating(network.transport('c'), {
      cheat: spied,
      publicKey: (roster[2] as RosterEntry).publicKey,
      roster,
      sign: (message) => message,
      random: () => 0,
    });
    own.receive((from, datagram) => received.push([from, text(datagram)]));
    const others = ['a', 'b', 'stranger'].map((address) => network.transport(address));
    for (const other of others)
      other.receive((from, datagram) => received.push([`${other.address}<${from}`, text(datagram)]));
    const run = async (): Promise<void> => {
      own.send('a', bytesOf('to a'));
      own.send('stranger', bytesOf('to stranger'));
      for (const other of others) other.send('c', bytesOf(`from ${other.address}`));
      while (received.length < 5) await new Promise(setImmediate);
      await Promise.all([own, ...others].map((each) => each.close()));
    };
    return { contexts, received, run };
  }

  it('tells the cheat its seat and the keys of all by seat', () => {
    const { contexts } = bench(gossip);
    expect(contexts).toHaveLength(1);
    expect(contexts[0]?.seat).toBe(1);
    expect(contexts[0]?.keys.map(([first]) => first)).toEqual([1, 5, 9]);
  });

  it('routes by seat what the cheat makes of datagrams, and lets strangers pass', async () => {
    const { received, run } = bench(gossip);
    await run();
    expect(received.sort()).toEqual([
      ['a', 'from b'],
      ['a<c', 'to a'],
      ['b<c', 'copy of to a'],
      ['stranger', 'from stranger'],
      ['stranger<c', 'to stranger'],
    ]);
  });
});

describe('the signer', () => {
  it("signs with the identity's own key", async () => {
    const identity = await generateIdentity();
    const sign = await signerOf(identity);
    const message = bytesOf('a lie');
    expect(keyring.verify(identity.publicKey, message, sign(message))).toBe(true);
  });
});

interface Outcome {
  readonly liar: Uint8Array;
  /** By honest player: what its session was convinced by. */
  readonly evidence: readonly (readonly Uint8Array[])[];
  /** By honest player: hash of its last state. */
  readonly hashes: readonly string[];
}

interface Table {
  readonly identities: readonly Identity[];
  readonly liar: Identity;
  readonly cheat: Cheat;
}

/** A session for each identity over one network in memory, with the cheat at work behind the liar's. */
async function seat({ identities, liar, cheat }: Table): Promise<readonly Session<Arena, Turn>[]> {
  const network = memoryNetwork({ seed: 3 });
  const players = identities.map(({ publicKey }, index) => ({ publicKey, address: `p${index}` }));
  const { publicKey } = liar;
  const lie = { cheat, publicKey, roster: players, sign: await signerOf(liar), random: () => 0 };
  return Promise.all(
    identities.map((identity, index) => {
      const plain = network.transport(`p${index}`);
      const transport = identity === liar ? cheating(plain, lie) : plain;
      const protocol = lockstep();
      return createSession({ game: lightcycles, identity, players, transport, log: memoryLog(), protocol });
    }),
  );
}

/** Plays with a bot; resolves to the hash of the last state, after 20 rounds or when all others are gone. */
function play(session: Session<Arena, Turn>, rounds: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const over = (): void => resolve(Buffer.from(session.stateHash ?? []).toString('hex'));
    session.on('error', reject);
    session.on('end', over);
    session.on('advance', ({ round, state }) => {
      if (round === rounds) over();
      else session.submit(chooseTurn(state, session.seat, 1));
    });
    session.submit(0);
  });
}

/** A match over memory of which the player at `liarSeat` lies. */
async function match(players: number, liarSeat: number, cheat: Cheat): Promise<Outcome> {
  const identities: Identity[] = [];
  for (let index = 0; index < players; index++) identities.push(await generateIdentity());
  identities.sort((a, b) => Buffer.compare(a.publicKey, b.publicKey));
  const liar = identities[liarSeat] as Identity;
  const sessions = await seat({ identities, liar, cheat });
  const honest = sessions.filter((_, index) => index !== liarSeat);
  const evidence = honest.map((session) => {
    const held: Uint8Array[] = [];
    session.on('cheat', (event) => held.push(event.evidence));
    return held;
  });
  const played = sessions.map((session) => play(session, 20));
  await Promise.all(sessions.map((session) => session.start()));
  const hashes = await Promise.all(played.filter((_, index) => index !== liarSeat));
  await Promise.all(sessions.map((session) => session.leave()));
  return { liar: liar.publicKey, evidence, hashes };
}

describe('a match with a liar', () => {
  const inconsistency = cheats.inconsistency({ fromRound: 5 });
  const badOpening = cheats.badOpening({ fromRound: 5 });

  it.each<[string, number, number, Cheat]>([
    ['inconsistency', 4, 0, inconsistency],
    ['inconsistency', 4, 3, inconsistency],
    ['inconsistency', 3, 0, besideTheTruth(inconsistency)],
    ['inconsistency', 3, 1, besideTheTruth(inconsistency)],
    ['inconsistency', 2, 0, besideTheTruth(inconsistency)],
    ['inconsistency', 2, 1, besideTheTruth(inconsistency)],
    ['bad-opening', 4, 1, badOpening],
    ['bad-opening', 2, 1, badOpening],
  ])(
    'of %s among %d, at seat %d, ends with its conviction by all',
    async (kind, players, liarSeat, cheat) => {
      const { liar, evidence, hashes } = await match(players, liarSeat, cheat);
      expect(new Set(hashes).size).toBe(1);
      expect(evidence).toHaveLength(players - 1);
      for (const held of evidence) {
        expect(held).toHaveLength(1);
        const verdict = verifyEvidence(held[0] as Uint8Array);
        expect(verdict?.guilty).toEqual(liar);
        expect(verdict?.round).toBe(5);
        // Which two packets of one who contradicts itself meet first is up to the network.
        expect([kind, 'bad-opening']).toContain(verdict?.kind);
      }
    },
  );

  it('who replays is refused, and convicted of nothing', async () => {
    const { evidence, hashes } = await match(3, 1, cheats.replay({ fromRound: 5 }));
    expect(new Set(hashes).size).toBe(1);
    expect(evidence).toEqual([[], []]);
  });
});
