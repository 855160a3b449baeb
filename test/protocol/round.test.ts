import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { firstPlayers, type PlayerSet, remove, seatsOf } from '../../src/base/players.ts';
import type { Verified } from '../../src/crypto/signature.ts';
import {
  agreeing,
  desynced,
  emptyBook,
  heldSet,
  holders,
  outcomeOf,
  type RoundBook,
  replaced,
} from '../../src/protocol/round.ts';
import type { Packet } from '../../src/wire/packet.ts';
import type { CommitmentSet, Reveal } from '../../src/wire/statement.ts';
import { first, move, noState, packet, people, setOf } from './table.ts';

const of = people(4);
const everybody = firstPlayers(4);
const seed: Uint8Array = new Uint8Array(32).fill(9);

/** A round in which everybody has committed to and opened its text. */
function played(texts: readonly string[], members: PlayerSet = firstPlayers(texts.length)): RoundBook {
  const seats = seatsOf(members);
  const moves = new Map(seats.map((seat) => [seat as number, move(of, seat, texts[seat] as string)]));
  const set = setOf(
    of,
    seats.map((seat) => (moves.get(seat) as ReturnType<typeof move>)[0]),
  );
  const list = (make: (seat: number) => Verified<Packet>) =>
    texts.map((_, seat) => (seats.includes(seat as never) ? make(seat) : null));
  return {
    ...first,
    commits: list((seat) => packet(of, seat, (moves.get(seat) as ReturnType<typeof move>)[0])),
    opens: list((seat) => packet(of, seat, set, (moves.get(seat) as ReturnType<typeof move>)[1])),
  };
}

const book = played(['a', 'b', 'c', 'd']);
const reading = (input: Uint8Array | null | undefined) => (input ? String.fromCharCode(...input) : null);

/** The round with the opening of one seat replaced. */
function reopened(seat: number, set: Partial<CommitmentSet>, reveal: Partial<Reveal>): RoundBook {
  const [, opening] = move(of, seat, 'abcd'[seat] as string);
  const commits = ['a', 'b', 'c', 'd'].map((text, each) => move(of, each, text)[0]);
  const changed = packet(of, seat, { ...setOf(of, commits), ...set }, { ...opening, ...reveal });
  return { ...book, opens: replaced(book.opens, seat, changed) };
}

describe('lists by seat', () => {
  it('a place is replaced in a copy', () => {
    const list = Object.freeze([1, 2, 3]);
    expect(replaced(list, 1, 9)).toEqual([1, 9, 3]);
    expect(list).toEqual([1, 2, 3]);
  });

  it('an empty round holds nothing of anybody', () => {
    const empty = emptyBook(2, 7, 3);
    expect(empty).toEqual({ epoch: 2, round: 7, commits: [null, null, null], opens: [null, null, null] });
    expect(holders(empty.commits)).toBe(0);
    expect(holders([null, 'x', null, 'y'])).toBe(0b1010);
  });
});

describe('the digest of the held commitments', () => {
  it('is there only when the commitments of all members are held', () => {
    const set = heldSet(of.session, book, everybody);
    expect(set).toEqual(
      setOf(
        of,
        ['a', 'b', 'c', 'd'].map((text, seat) => move(of, seat, text)[0]),
      ).set,
    );
    for (const seat of [0, 1, 2, 3]) {
      const lacking = { ...book, commits: replaced(book.commits, seat, null) };
      expect(heldSet(of.session, lacking, everybody)).toBeNull();
      expect(heldSet(of.session, lacking, remove(everybody, seat as never))).not.toBeNull();
    }
  });

  it('differs for other commitments, other members, another round, epoch and session', () => {
    const others = [
      heldSet(of.session, played(['a', 'b', 'c', 'e']), everybody),
      heldSet(of.session, book, remove(everybody, 3 as never)),
      heldSet(of.session, { ...book, round: 2 }, everybody),
      heldSet(of.session, { ...book, epoch: 1 }, everybody),
      heldSet(new Uint8Array(32), book, everybody),
    ];
    for (const other of others) expect(other).not.toEqual(heldSet(of.session, book, everybody));
  });

  it('agreeing are the members whose opening came with an equal SET', () => {
    const set = heldSet(of.session, book, everybody) as Uint8Array;
    expect(agreeing(book, everybody, set)).toBe(everybody);
    expect(agreeing(reopened(2, { set: noState }, {}), everybody, set)).toBe(0b1011);
    expect(agreeing({ ...book, opens: replaced(book.opens, 0, null) }, everybody, set)).toBe(0b1110);
    expect(agreeing(book, remove(everybody, 1 as never), set)).toBe(0b1101);
    expect(agreeing(book, everybody, noState)).toBe(0);
  });
});

describe('the advance certificate', () => {
  it('gives what everybody played, by seat', () => {
    const outcome = outcomeOf(of.session, book, everybody, seed);
    expect(outcome?.inputs.map(reading)).toEqual(['a', 'b', 'c', 'd']);
    expect(outcome).toMatchObject({ ...first, seed });
  });

  it('needs the openings alone, not the commitments', () => {
    const opened = { ...book, commits: [null, null, null, null] };
    expect(outcomeOf(of.session, opened, everybody, seed)).toEqual(
      outcomeOf(of.session, book, everybody, seed),
    );
  });

  it.each([0, 1, 2, 3])('is none without the opening of player %i', (seat) => {
    expect(
      outcomeOf(of.session, { ...book, opens: replaced(book.opens, seat, null) }, everybody, seed),
    ).toBeNull();
  });

  it('has no input of who is no member', () => {
    const members = remove(everybody, 1 as never);
    const outcome = outcomeOf(of.session, played(['a', 'b', 'c', 'd'], members), members, seed);
    expect(outcome?.inputs.map(reading)).toEqual(['a', null, 'c', 'd']);
  });

  it('is none for the openings of another epoch, round or session, and of fewer or more members', () => {
    for (const other of [
      { ...book, epoch: 1 },
      { ...book, round: 2 },
    ]) {
      expect(outcomeOf(of.session, other, everybody, seed)).toBeNull();
    }
    expect(outcomeOf(new Uint8Array(32), book, everybody, seed)).toBeNull();
    expect(outcomeOf(of.session, book, remove(everybody, 3 as never), seed)).toBeNull();
  });

  it('is none when one SET, salt or input differs in one bit', () => {
    fc.assert(
      fc.property(
        fc.nat(3),
        fc.constantFrom('set', 'salt', 'input'),
        fc.nat(15),
        fc.nat(7),
        (seat, field, at, bit) => {
          const [, reveal] = move(of, seat, 'abcd'[seat] as string);
          const set = heldSet(of.session, book, everybody) as Uint8Array;
          const bytes: Uint8Array = (
            { set, salt: reveal.salt, input: reveal.input }[field] as Uint8Array
          ).slice();
          bytes[at % bytes.length] = (bytes[at % bytes.length] as number) ^ (1 << bit);
          const changed =
            field === 'set' ? reopened(seat, { set: bytes }, {}) : reopened(seat, {}, { [field]: bytes });
          expect(outcomeOf(of.session, changed, everybody, seed)).toBeNull();
        },
      ),
    );
  });

  it('is none when all sign one SET that their openings are not', () => {
    const opens = book.opens.map((_, seat) =>
      packet(of, seat, { ...setOf(of, []), set: noState }, move(of, seat, 'abcd'[seat] as string)[1]),
    );
    expect(outcomeOf(of.session, { ...book, opens }, everybody, seed)).toBeNull();
  });

  it('is none when two openings are swapped', () => {
    const opens = [book.opens[1], book.opens[0], book.opens[2], book.opens[3]] as RoundBook['opens'];
    expect(outcomeOf(of.session, { ...book, opens }, everybody, seed)).toBeNull();
  });
});

describe('the seed of the next round', () => {
  const next = (texts: readonly string[], from = seed) =>
    outcomeOf(of.session, played(texts), everybody, from)?.nextSeed;

  it('comes of this one and of every opening, and of nothing else', () => {
    expect(next(['a', 'b', 'c', 'd'])).toEqual(next(['a', 'b', 'c', 'd']));
    const states = reopened(1, { state: new Uint8Array(32).fill(3) }, {});
    expect(outcomeOf(of.session, states, everybody, seed)?.nextSeed).toEqual(next(['a', 'b', 'c', 'd']));
  });

  it('differs with any opening, and with the seed before', () => {
    const all = [
      next(['a', 'b', 'c', 'd']),
      next(['x', 'b', 'c', 'd']),
      next(['a', 'x', 'c', 'd']),
      next(['a', 'b', 'x', 'd']),
      next(['a', 'b', 'c', 'x']),
      next(['a', 'b', 'c', 'd'], noState),
    ];
    expect(new Set(all.map(String)).size).toBe(all.length);
    for (const each of all) expect(each).toHaveLength(32);
  });
});

describe('players whose state differs', () => {
  const other = new Uint8Array(32).fill(1);

  it('are those whose SET has another digest than mine', () => {
    expect(desynced(book, everybody, 0 as never)).toBe(0);
    expect(desynced(reopened(2, { state: other }, {}), everybody, 0 as never)).toBe(0b0100);
  });

  it('from the side of the one that differs, all others', () => {
    expect(desynced(reopened(2, { state: other }, {}), everybody, 2 as never)).toBe(0b1011);
  });

  it('nobody while my own SET is not there, and no stranger', () => {
    const without = { ...book, opens: replaced(book.opens, 0, null) };
    expect(desynced(without, everybody, 0 as never)).toBe(0);
    const members = remove(everybody, 2 as never);
    expect(desynced(reopened(2, { state: other }, {}), members, 0 as never)).toBe(0);
  });
});
