/** What each statement of neo must keep, as section 12 of src/wire/README.md has it. */

import { type CertifiedRead, same } from './checker.ts';
import { type Ballot, nothing, type SaidRead } from './checker-ballot.ts';
import { vectorDigest } from './checker-datagram.ts';
import { isForced } from './checker-evidence.ts';
import { bits } from './checker-update.ts';

/** Deviations from the rules of a round of neo. */
export const ruleDeviations = [
  'instance',
  'vote-before-commit',
  'named',
  'values',
  'state',
  'opening',
  'early-opening',
  'accusation',
  'index',
  'twice',
  'certificate',
  'promise',
  'held',
  'repeated-vote',
  'forgotten',
  'claim',
  'leader',
  'proposal',
  'proposed',
] as const;

export type RuleDeviation = (typeof ruleDeviations)[number];

/** What one statement must keep, beside all others of its round. */
export class Rules {
  readonly said: SaidRead;
  readonly ballot: Ballot;
  readonly earlier: readonly SaidRead[];
  readonly needs: (holds: boolean, deviation: RuleDeviation) => void;

  constructor(
    said: SaidRead,
    ballot: Ballot,
    earlier: readonly SaidRead[],
    needs: (holds: boolean, deviation: RuleDeviation) => void,
  ) {
    this.said = said;
    this.ballot = ballot;
    this.earlier = earlier;
    this.needs = needs;
  }

  #before(kind: string): readonly SaidRead[] {
    return this.earlier.filter(({ entry }) => entry.kind === kind);
  }

  /** Those of one kind and instance. */
  #here(kind: string): readonly SaidRead[] {
    const { instance } = this.said.entry.numbers;
    return this.#before(kind).filter(({ entry }) => entry.numbers.instance === instance);
  }

  #within(set: number | undefined, all: number): boolean {
    return ((set ?? 0) & ~all) === 0;
  }

  vote(): void {
    const { ballot, said } = this;
    const { named = 0 } = said.entry.numbers;
    const own = ballot.commitments(said.seat);
    this.needs(own.length > 0, 'vote-before-commit');
    this.needs(this.#within(named, ballot.members) && ((named >> said.seat) & 1) === 1, 'named');
    if (own.length === 0 || !((named >> said.seat) & 1)) return;
    const value = ballot.values(said)?.get(said.seat);
    this.needs(value !== undefined && own.some((each) => same(each, value)), 'values');
  }

  reveal(): void {
    const { ballot, said } = this;
    const fits = ballot.commitments(said.seat).some((each) => ballot.opening(said.seat, each) !== null);
    this.needs(fits, 'opening');
    this.needs(ballot.mayReveal(said.seat), 'early-opening');
  }

  confirm(): void {
    const { ballot, said } = this;
    const { instance = 0, view = 0, index = 0, slots = 0, named = 0 } = said.entry.numbers;
    const all = ballot.slotsOf(instance);
    const before = this.#here('confirm').filter(({ entry }) => entry.numbers.view === view);
    this.needs(index === before.length, 'index');
    this.needs(
      before.every(({ entry }) => ((entry.numbers.slots ?? 0) & slots) === 0),
      'twice',
    );
    this.needs(slots !== 0 && this.#within(slots, all) && this.#within(named, slots), 'named');
    const values = ballot.values(said);
    this.needs(values !== null, 'values');
    const good = [...(values ?? [])].every(([slot, value]) =>
      ballot.isCertified(instance, { slot, view, value }),
    );
    this.needs(good, 'certificate');
    this.needs(!this.#left(view), 'promise');
  }

  /** True when the signer has left a view of this instance before. */
  #left(view: number): boolean {
    return this.#here('change').some(({ entry }) => (entry.numbers.view ?? 0) > view);
  }

  hold(): void {
    const { ballot, said } = this;
    const { index = 0, authors = 0 } = said.entry.numbers;
    const before = this.#before('hold');
    this.needs(index === before.length, 'index');
    this.needs(
      before.every(({ entry }) => ((entry.numbers.authors ?? 0) & authors) === 0),
      'twice',
    );
    this.needs(authors !== 0 && this.#within(authors, ballot.members & ~(1 << said.seat)), 'named');
    const values = bits(authors).map((author) => ballot.decided(author) ?? nothing);
    this.needs(same(vectorDigest(values), said.entry.strings.values ?? nothing), 'values');
    this.needs(
      bits(authors).every((author, i) => ballot.opening(author, values[i] ?? nothing) !== null),
      'held',
    );
    const denied = this.#before('change').some(({ entry }) => {
      const { instance = 255 } = entry.numbers;
      return (
        instance < 16 && ((authors >> instance) & 1) === 1 && same(entry.strings.claim ?? nothing, nothing)
      );
    });
    this.needs(!denied, 'promise');
  }

  change(): void {
    const { ballot, said } = this;
    const { instance = 0, view = 0, named = 0 } = said.entry.numbers;
    const votes = said.entry.lists.votes as readonly Buffer[];
    const certified = said.entry.lists.certified as readonly CertifiedRead[];
    const { claim = nothing } = said.entry.strings;
    const own = this.#before('vote')[0]?.entry;
    this.needs(view > 0 && !this.#left(view), 'promise');
    if (instance === 255) {
      const repeated =
        own?.numbers.named === named && same(vectorDigest(votes), own.strings.values ?? nothing);
      this.needs(repeated, 'repeated-vote');
      this.needs(same(claim, nothing), 'claim');
    } else {
      this.needs(own !== undefined && named === 0 && votes.length === 0, 'repeated-vote');
      const value = ballot.decided(instance);
      this.needs(value !== null && !same(value, nothing), 'instance');
      const holds = this.#before('hold').some(({ entry }) => ((entry.numbers.authors ?? 0) >> instance) & 1);
      const open = value !== null && same(claim, value) && ballot.opening(instance, value) !== null;
      this.needs(same(claim, nothing) ? !holds : open, 'claim');
    }
    const slots = ballot.slotsOf(instance);
    const good = certified.every(
      (each) => ((slots >> each.slot) & 1) === 1 && ballot.isCertified(instance, each),
    );
    this.needs(good, 'certificate');
    const kept = this.#here('confirm').every(({ entry }) =>
      bits(entry.numbers.slots ?? 0).every((slot) =>
        certified.some((each) => each.slot === slot && each.view >= (entry.numbers.view ?? 0)),
      ),
    );
    this.needs(kept, 'forgotten');
  }

  propose(): void {
    const { ballot, said } = this;
    const { instance = 0, view = 0 } = said.entry.numbers;
    this.needs(view > 0 && ballot.leader(instance, view) === said.seat, 'leader');
    const all = ballot.in('change', instance, view);
    const changes = (said.entry.lists.changes as readonly Buffer[]).flatMap(
      (hash) => all.find((each) => same(each.hash, hash)) ?? [],
    );
    const { n, k } = ballot.quorum;
    const enough = new Set(changes.map(({ seat }) => seat)).size === n - k && changes.length === n - k;
    const some = changes.some(({ entry }) => {
      return !same(entry.strings.claim ?? nothing, nothing) || (entry.lists.certified ?? []).length > 0;
    });
    const author = changes.some(({ seat }) => seat === instance);
    this.needs(
      enough &&
        (!author || some) &&
        isForced(
          said.entry,
          changes.map(({ entry }) => entry),
        ),
      'proposal',
    );
    this.needs(!this.#left(view), 'promise');
  }

  prepare(): void {
    const { ballot, said } = this;
    const { instance = 0, view = 0 } = said.entry.numbers;
    const { proposal = nothing } = said.entry.strings;
    this.needs(
      ballot.in('propose', instance, view).some(({ hash }) => same(hash, proposal)),
      'proposed',
    );
    this.needs(!this.#left(view), 'promise');
  }
}
