/**
 * Who comes in after a round: a player whose signed request q members have sponsored within the last 4m
 * rounds, as long as there is a seat left. A request is key, nonce and address together. A key that ever had
 * a seat has no second one, so nobody comes back under a key whose log may be lost.
 */

import { compareBytes, equalBytes } from '../../base/bytes.ts';
import { type Seat, seatOf } from '../../base/ids.ts';
import { has, type PlayerSet } from '../../base/players.ts';
import { isValidSignature } from '../../crypto/signature.ts';
import { PLAYERS_MAX } from '../../wire/limits.ts';
import { compareText } from '../../wire/plain-format.ts';
import type { ClosedRound, LogParameters, Membership, Signed, Sponsored } from './membership.ts';
import { joinMessage, type Member, type Sponsor } from './update.ts';

/** Requests that one member sponsors at a time; one more makes it drop the one that it named longest ago. */
export const SPONSORED_MAX = 4;

/** The order of requests: by key, nonce and address. */
export function compareMembers(a: Member, b: Member): number {
  const byKey = compareBytes(a.publicKey, b.publicKey);
  if (byKey !== 0) return byKey;
  return compareBytes(a.nonce, b.nonce) || compareText(a.address, b.address);
}

function isKnown(roster: readonly Member[], { publicKey }: Member): boolean {
  return roster.some((each) => equalBytes(each.publicKey, publicKey));
}

/** The requests without the sponsors that `keep` refuses, and without those that nobody sponsors. */
function sponsoredBy(
  requests: readonly Sponsored[],
  keep: (by: Sponsored['by'][number], request: Sponsored) => boolean,
): readonly Sponsored[] {
  return requests
    .map((request) => ({ ...request, by: request.by.filter((by) => keep(by, request)) }))
    .filter(({ by }) => by.length > 0);
}

/** Takes one sponsor's word down. Its oldest word goes when it has given too many. */
function withSponsor(
  requests: readonly Sponsored[],
  { publicKey, nonce, address }: Member,
  seat: Seat,
  round: number,
): readonly Sponsored[] {
  const member: Member = { publicKey: new Uint8Array(publicKey), nonce: new Uint8Array(nonce), address };
  const others = requests.filter((each) => compareMembers(each, member) !== 0);
  const before = requests.find((each) => compareMembers(each, member) === 0)?.by ?? [];
  const by = [...before.filter((each) => each.seat !== seat), { seat, round }].sort(
    (a, b) => a.seat - b.seat,
  );
  const all = [...others, { ...member, by }].sort(compareMembers);
  const own = others.flatMap((request) =>
    request.by.flatMap((each) => (each.seat === seat ? [{ request, round: each.round }] : [])),
  );
  if (own.length < SPONSORED_MAX) return all;
  const oldest = own.reduce((a, b) => (b.round < a.round ? b : a)).request;
  return sponsoredBy(all, (each, request) => each.seat !== seat || compareMembers(request, oldest) !== 0);
}

/** The live requests after a round; `members` are those who remain. A request is checked when it is new. */
export function sponsoredAfter(
  { session, silence }: LogParameters,
  { roster, sponsored }: Membership,
  { round }: ClosedRound,
  members: PlayerSet,
  operations: readonly Signed[],
): readonly Sponsored[] {
  let requests = sponsored;
  const isGood = (request: Sponsor): boolean =>
    requests.some((each) => compareMembers(each, request) === 0) ||
    isValidSignature(request.publicKey, joinMessage(session, request), request.signature);
  for (const { author, operation } of operations) {
    if (operation.type !== 'sponsor' || isKnown(roster, operation)) continue;
    if (isGood(operation)) requests = withSponsor(requests, operation, author, round);
  }
  return sponsoredBy(requests, ({ seat, round: said }) => has(members, seat) && said > round - 4 * silence);
}

export interface Joined {
  /** With the joiners, in the order of their requests. */
  readonly roster: readonly Member[];
  readonly seats: readonly Seat[];
  /** The requests of others. */
  readonly sponsored: readonly Sponsored[];
}

/** Lets in those whom at least q members sponsor; of two requests of one key the first in order. */
export function joins(roster: readonly Member[], sponsored: readonly Sponsored[], q: number): Joined {
  const grown = [...roster];
  const seats: Seat[] = [];
  for (const { publicKey, nonce, address, by } of sponsored) {
    const member = { publicKey, nonce, address };
    if (by.length < q || isKnown(grown, member)) continue;
    if (grown.length >= PLAYERS_MAX) break;
    seats.push(seatOf(grown.length));
    grown.push(member);
  }
  return { roster: grown, seats, sponsored: sponsored.filter((request) => !isKnown(grown, request)) };
}
