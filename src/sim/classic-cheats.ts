/**
 * Cheats in the NEO round as it was published. None breaks a cipher or a signature: each does only what
 * its own seats could do over any network. Sources: GauthierDickey et al. 2004 (fixed-delay, timestamp,
 * suppressed update, inconsistency, collusion); Baughman and Levine 2001 (lookahead); Corman et al. 2006
 * (replay, framing).
 */

import type { ClassicCheat, ClassicTable } from './classic-options.ts';
import { majorityOf } from './classic-player.ts';
import { Cipher, type ClassicPacket, Key, type Signed, seal, type Update } from './classic-terms.ts';

/** The first own seat: the one whose moves a gang plays for. */
function lead({ seats }: ClassicTable): number {
  return seats[0] as number;
}

/** An own update that is chosen now. */
function chooseNow(table: ClassicTable, round: number, stamp = -1): Signed<Update> {
  return table.signUpdate(lead(table), round, { input: table.random.below(1_000_000), stamp });
}

/** Runs once a round, as soon as every honest move of that round can be opened. */
function whenKnown(table: ClassicTable, act: (round: number) => void): (seat: number) => void {
  let next = 1;
  return () => {
    while (table.knows(next)) act(next++);
  };
}

/** Sends a packet with nothing but what is given to all others. */
function postOnly(table: ClassicTable, parts: Partial<ClassicPacket> & { readonly round: number }): void {
  const from = lead(table);
  const bare = { from, cipher: null, votes: null, key: null, wish: table.roundLength };
  for (const to of table.honest) table.post(from, to, { ...bare, ...parts });
}

/**
 * Chooses its move of a round only when it has seen the round before; each reaches the others just in
 * time.
 */
export const fixedDelay: ClassicCheat = (table) => {
  const keys = new Map<number, Key>();
  return {
    packet: (_seat, _to, packet) => ({
      ...packet,
      cipher: packet.round <= table.pipeline ? packet.cipher : null,
      key: keys.get(packet.round - table.pipeline) ?? packet.key,
    }),
    arrived: whenKnown(table, (known) => {
      const round = known + table.pipeline;
      const key = new Key();
      keys.set(round, key);
      postOnly(table, { round, cipher: seal(key, chooseNow(table, round)) });
    }),
  };
};

/** Chooses its move as it sends it, and stamps it as the earliest that a round can have. */
export const timestamp: ClassicCheat = (table) => {
  const keys = new Map<number, Key>();
  let cipher: Cipher | null = null;
  let round = 0;
  return {
    packet: (_seat, _to, packet) => {
      if (packet.round !== round) {
        round = packet.round;
        const key = new Key();
        keys.set(round, key);
        cipher = seal(key, chooseNow(table, round, -table.roundLength));
      }
      return { ...packet, cipher, key: keys.get(round - table.pipeline) ?? null };
    },
  };
};

/** Hides its update and key from some, who are told by its votes that it has sent them. */
export function suppressedUpdate(victims: 'one' | 'minority'): ClassicCheat {
  return (table) => {
    const hidden = victims === 'one' ? 1 : table.players - majorityOf(table.players);
    return {
      packet: (_seat, to, packet) =>
        table.honest.indexOf(to) < hidden ? { ...packet, cipher: null, key: null } : packet,
    };
  };
}

/** Sends whole packets to a bare majority, itself included, and nothing to the rest. */
export const splitSuppression: ClassicCheat = (table) => ({
  packet: (_seat, to, packet) => (table.honest.indexOf(to) < majorityOf(table.players) - 1 ? packet : null),
});

/** Seals another update for each player, all under one key. */
export const inconsistency: ClassicCheat = (table) => {
  const keys = new Map<number, Key>();
  return {
    packet: (_seat, _to, packet) => {
      const { round } = packet;
      const key = keys.get(round) ?? new Key();
      keys.set(round, key);
      const cipher = seal(key, chooseNow(table, round));
      return { ...packet, cipher, key: keys.get(round - table.pipeline) ?? null };
    },
  };
};

/**
 * Leaves its update out for as many as can miss it without a majority against it. They come to ask for it
 * when the keys of the round are out; whoever asks the cheat gets an update that is made then.
 */
export const lateAnswer: ClassicCheat = (table) => {
  const hidden = table.players - majorityOf(table.players);
  return {
    packet: (_seat, to, packet) =>
      table.honest.indexOf(to) < hidden ? { ...packet, cipher: null, key: null } : packet,
    answer: (_seat, _asker, round, author) => {
      if (author !== lead(table) || !table.knows(round)) return 'rules';
      const key = new Key();
      return { cipher: seal(key, chooseNow(table, round)), key };
    },
  };
};

/** A majority votes for an update that was never sent; it is made when the others ask for it. */
export const majorityLookahead: ClassicCheat = (table) => {
  const made = new Map<number, { readonly cipher: Cipher; readonly key: Key }>();
  return {
    packet: (seat, _to, packet) => {
      const { votes } = packet;
      const yes = votes && table.signVotes(seat, packet.round - 1, votes.value.with(lead(table), true));
      return seat === lead(table)
        ? { ...packet, cipher: null, key: null, votes: yes }
        : { ...packet, votes: yes };
    },
    answer: (_seat, _asker, round, author) => {
      if (author !== lead(table)) return 'rules';
      if (!table.knows(round)) return 'silent';
      const key = new Key();
      const answer = made.get(round) ?? { cipher: seal(key, chooseNow(table, round)), key };
      made.set(round, answer);
      return answer;
    },
  };
};

/**
 * Waits for any honest key of its round, and sends its update then: in time for those whose clock is
 * behind.
 */
export const clockLookahead: ClassicCheat = (table) => {
  const keys = new Map<number, Key>();
  return {
    packet: (_seat, _to, packet) => ({
      ...packet,
      cipher: null,
      key: keys.get(packet.round - table.pipeline) ?? null,
    }),
    arrived: (seat, { round: next }) => {
      const round = next - table.pipeline;
      const known = table.held(seat, round).opened.some((content) => content && content.signer !== seat);
      if (round < 1 || keys.has(round) || !known) return;
      const key = new Key();
      keys.set(round, key);
      postOnly(table, { round, cipher: seal(key, chooseNow(table, round)) });
    },
  };
};

/**
 * Makes a cipher that opens to two updates, as a cipher that does not bind its key can; chooses the key
 * last.
 */
export const twoKeys: ClassicCheat = (table) => {
  const made = new Map<number, { readonly cipher: Cipher; readonly keys: readonly [Key, Key] }>();
  const twin = (round: number) => {
    const keys = [new Key(), new Key()] as const;
    const known = made.get(round) ?? {
      cipher: new Cipher(keys.map((key) => [key, chooseNow(table, round)] as const)),
      keys,
    };
    made.set(round, known);
    return known;
  };
  return {
    packet: (_seat, _to, packet) => ({ ...packet, cipher: twin(packet.round).cipher, key: null }),
    arrived: whenKnown(table, (round) => {
      const honest = table.honest.map(
        (author) => table.held(lead(table), round).opened[author]?.value.input ?? 0,
      );
      const { keys } = twin(round);
      postOnly(table, { round: round + table.pipeline, key: keys[Math.max(...honest) % 2 === 0 ? 0 : 1] });
    }),
  };
};

/** Takes its move back, by withholding the key, unless it beats every other of the round. */
export const withheldOpening: ClassicCheat = (table) => {
  const undone = (round: number): boolean => {
    const { opened } = table.held(lead(table), round);
    const own = opened[lead(table)]?.value.input ?? 0;
    return table.honest.some((author) => (opened[author]?.value.input ?? 0) > own);
  };
  return {
    packet: (_seat, _to, packet) => ({ ...packet, key: null }),
    arrived: whenKnown(table, (round) => {
      const key = table.held(lead(table), round).keys[lead(table)] as Key;
      if (!undone(round)) postOnly(table, { round: round + table.pipeline, key });
    }),
    answer: (seat, _asker, round, author) =>
      author === seat && (!table.knows(round) || undone(round)) ? 'silent' : 'rules',
  };
};

/** Shows its keys to one player alone, and only when asked. */
export const partialOpening: ClassicCheat = (table) => ({
  packet: (_seat, _to, packet) => ({ ...packet, key: null }),
  answer: (seat, asker, _round, author) =>
    author === seat && asker !== table.honest[0] ? 'silent' : 'rules',
});

/** Gives half of the others keys that open nothing. */
export const wrongKey: ClassicCheat = (table) => ({
  packet: (_seat, to, packet) =>
    table.honest.indexOf(to) * 2 < table.honest.length && packet.key ? { ...packet, key: new Key() } : packet,
});

/** Own votes with one of them set. */
function voting(table: ClassicTable, seat: number, packet: ClassicPacket, author: number, yes: boolean) {
  const { votes, round } = packet;
  return { ...packet, votes: votes && table.signVotes(seat, round - 1, votes.value.with(author, yes)) };
}

/** Votes for the victim's update towards those in `favoured`, and towards nobody else. */
export function pivotVote(victim: number, favoured: readonly number[]): ClassicCheat {
  return (table) => ({
    packet: (seat, to, packet) =>
      favoured.includes(to) ? voting(table, seat, packet, victim, true) : { ...packet, votes: null },
  });
}

/**
 * Votes last. If the victim's update lacks a single yes, half of the others get it in time and the rest when
 * their deadline has passed, as if their link were slow.
 */
export function lateVote(victim: number): ClassicCheat {
  return (table) => {
    const waiting = new Map<number, ClassicPacket>();
    const act = (seat: number, packet: ClassicPacket): void => {
      waiting.delete(packet.round);
      const { votes } = table.held(seat, packet.round - 1);
      const yes = votes.filter((one, voter) => voter !== seat && one?.value[victim]).length;
      const pivotal = yes === majorityOf(table.players) - 1;
      const said = pivotal ? voting(table, seat, packet, victim, true) : packet;
      const late = table.started(seat) + table.roundLength;
      table.honest.forEach((to, index) => {
        const bare = { ...said, cipher: null, key: null };
        if (!pivotal || index * 2 < table.honest.length) table.post(seat, to, bare);
        else table.later(late, () => table.post(seat, to, bare));
      });
    };
    return {
      packet: (_seat, _to, packet) => ({ ...packet, votes: null }),
      sent: (_seat, packet) => {
        if (packet.votes) waiting.set(packet.round, packet);
      },
      arrived: (seat, { round }) => {
        const packet = waiting.get(round);
        const { votes } = table.held(seat, round - 1);
        if (packet && table.honest.every((voter) => votes[voter])) act(seat, packet);
      },
    };
  };
}

/** With fewer than a majority: an update and the gang's votes for it go to just as few as make it one. */
export const collusion: ClassicCheat = (table) => {
  const favoured = table.honest.slice(0, majorityOf(table.players) - table.seats.length);
  return {
    packet: (seat, to, packet) => {
      const voted = voting(table, seat, packet, lead(table), favoured.includes(to));
      return seat === lead(table) && !favoured.includes(to) ? null : voted;
    },
  };
};

/** Votes against an honest player, whatever arrives. */
export const voteOut: ClassicCheat = (table) => ({
  packet: (seat, _to, packet) => voting(table, seat, packet, table.honest[0] as number, false),
});

/**
 * Comes early to half of the others and late to the rest, each within a round, to pull their clocks apart.
 */
export const clockPulling: ClassicCheat = (table) => {
  const { roundLength: length } = table;
  return {
    packet: (_seat, to, packet) => (table.honest.indexOf(to) * 2 < table.honest.length ? packet : null),
    sent: (seat, packet) => {
      const early = { ...packet, round: packet.round + 1, cipher: null, votes: null, key: null };
      table.honest.forEach((to, index) => {
        const pulledForward = index * 2 < table.honest.length;
        const wait = pulledForward ? length / 4 : length / 2;
        table.later(table.now() + wait, () => table.post(seat, to, pulledForward ? early : packet));
      });
    },
  };
};

/** Wishes for rounds that are long enough for its own gang alone: a fifth of the first ones. */
export const lockOut: ClassicCheat = (table) => ({
  packet: (_seat, _to, packet) => ({ ...packet, wish: table.roundLength / 5 }),
});

/** Sends junk in the name of a player before that player can, and so fills its place. */
export const flood: ClassicCheat = (table) => {
  const victim = table.honest[0] as number;
  return {
    sent: (seat, { round, wish }) => {
      const junk = new Cipher([]);
      const packet = { from: victim, round: round + 1, cipher: junk, votes: null, key: null, wish };
      for (const to of table.honest) if (to !== victim) table.post(seat, to, packet);
    },
  };
};
