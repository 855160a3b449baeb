/**
 * Replays in the NEO round as it was published: what was signed once can be said again, in its signer's
 * name.
 */

import type { ClassicCheat } from './classic-options.ts';
import { Key, type Signed, seal, type Update, type Votes } from './classic-terms.ts';

/** Keeps the updates of the first honest player that it opens; follows the rules. */
export function recordUpdates(into: Signed<Update>[]): ClassicCheat {
  return (table) => ({
    sent: (seat, { round }) => {
      const content = table.held(seat, round - 2).opened[table.honest[0] as number];
      if (content) into.push(content);
    },
  });
}

/**
 * Seals an old update of the first honest player again and sends it to half of the others as its next one,
 * ahead of the real one. The updates are those of this session, or `recorded` ones of an earlier session.
 */
export function replayUpdate(recorded: readonly Signed<Update>[] | null): ClassicCheat {
  return (table) => {
    const [victim = 0, ...others] = table.honest;
    const fooled = others.filter((_, index) => index % 2 === 0);
    const keys = new Map<number, Key>();
    return {
      sent: (seat, { round, wish }) => {
        const old = recorded ? recorded[round % recorded.length] : table.held(seat, round - 2).opened[victim];
        if (!old) return;
        const next = round + 1;
        const key = new Key();
        keys.set(next, key);
        const opening = keys.get(next - table.pipeline) ?? null;
        const packet = { from: victim, round: next, cipher: seal(key, old), votes: null, key: opening, wish };
        for (const to of fooled) table.post(seat, to, packet);
      },
    };
  };
}

/**
 * Waits for votes that refuse the victim's update, and shows them to one player in every later round as the
 * votes of that round, ahead of the real ones; its own say the same.
 */
export function replayVotes(victim: number): ClassicCheat {
  return (table) => {
    const refusals = new Map<number, Signed<Votes>>();
    const fooled = table.honest.find((seat) => seat !== victim) as number;
    return {
      packet: (seat, to, packet) => {
        const { round, votes } = packet;
        if (to !== fooled || !votes || refusals.size === 0) return packet;
        return { ...packet, votes: table.signVotes(seat, round - 1, votes.value.with(victim, false)) };
      },
      arrived: (_seat, { votes }) => {
        if (votes && votes.value[victim] === false) refusals.set(votes.signer, votes);
      },
      sent: (seat, { round, wish }) => {
        for (const [from, votes] of refusals) {
          if (from === fooled) continue;
          table.post(seat, fooled, { from, round: round + 1, cipher: null, votes, key: null, wish });
        }
      },
    };
  };
}
