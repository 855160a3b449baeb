import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { seatOf } from '../../src/base/ids.ts';
import { type Prng, prng } from '../../src/base/prng.ts';
import type { LogRecord } from '../../src/protocol/record.ts';
import { standingOf } from '../../src/protocol/standing.ts';
import { encodeBundle, HELLO } from '../../src/wire/envelope.ts';
import { Post } from './post.ts';
import { bytesOfText, move, nonceOf, packet, people, rules } from './table.ts';

const of = people(3);

/** Three drivers that begin a match and play it; chance decides in which order answers come. */
function table(random: Prng, rounds: number): Post[] {
  const posts = [0, 1, 2].map((seat) => new Post(seat));
  for (const post of posts) {
    post.onSend = (to, datagram) => {
      const target = posts[to] as Post;
      target.pending.push({ what: 'datagram', run: () => target.driver.receive(post.seat, datagram) });
    };
    post.driver.start();
  }
  const played = (post: Post): number => post.acts.filter((act) => act === 'advance').length;
  for (let step = 0; step < 200_000 && posts.some((post) => played(post) < rounds); step++) {
    const busy = posts.filter(({ pending }) => pending.length > 0);
    const post = busy[random.below(Math.max(1, busy.length))];
    if (post !== undefined && random.below(50) > 0) {
      post.answer(random.below(post.pending.length));
      if (random.below(2) === 0) post.driver.submit(bytesOfText(`${post.seat} ${random.below(1000)}`));
    } else {
      const next = Math.min(...posts.map(({ wakeAt }) => wakeAt ?? Number.POSITIVE_INFINITY));
      for (const each of posts) each.now = Math.max(each.now, next);
      for (const each of posts) if ((each.wakeAt ?? Number.POSITIVE_INFINITY) <= each.now) each.driver.tick();
    }
  }
  return posts;
}

describe('answers in any order', () => {
  it('no statement leaves and no round is final before its record is durable, and all agree', () => {
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const posts = table(prng(seed), 8);
        for (const { acts, digests, finals } of posts) {
          const told = acts.filter((act) => act === 'advance' || act === 'final');
          expect(told.every((act, index) => act === (index % 2 === 0 ? 'advance' : 'final'))).toBe(true);
          expect(finals).toEqual(finals.map((_, index) => index + 1));
          expect(finals.length).toBeGreaterThanOrEqual(7);
          expect(acts.filter((act) => act === 'advance').length).toBeGreaterThanOrEqual(8);
          expect(digests.slice(0, 9)).toEqual(posts[0]?.digests.slice(0, 9));
          expect(acts.filter((act) => act === 'tell evidence')).toEqual([]);
        }
      }),
      { numRuns: 12 },
    );
  });

  it('effects are carried out in order, each finished before the next', () => {
    const post = new Post(0);
    post.driver.start();
    expect(post.acts).toEqual(['persist hello']);
    expect(post.pending.map(({ what }) => what)).toEqual(['sign']);
    post.answer('sign');
    expect(post.pending.map(({ what }) => what)).toEqual(['flush']);
    expect(post.sent).toEqual([]);
    post.answer('flush');
    expect(post.acts).toEqual(['persist hello', 'send', 'send']);
    expect(post.sent.map(({ to }) => to)).toEqual([1, 2]);
  });
});

/** A post that is in the match, with no input given; the records are those of its log. */
function begun(): Post {
  const head: LogRecord[] = [
    { type: 'hello', publicKey: of.keys[0] as Uint8Array, nonce: nonceOf(0), agreement: rules },
    { type: 'session', keys: of.keys, nonces: [0, 1, 2].map(nonceOf) },
  ];
  const post = new Post(0, head);
  post.driver.start();
  post.settle();
  return post;
}

function bundle(...packets: readonly { readonly bytes: Uint8Array }[]): Uint8Array {
  const standing = { ...standingOf(begun().driver.session.lockstep as never), commits: 0 as never };
  return encodeBundle(of.session, {
    standing,
    items: packets.map(({ bytes }) => ({ type: 'packet', bytes })),
  });
}

const commitOf = (seat: number, round = 1) => packet(of, seat, move(of, seat, 'x', { epoch: 0, round })[0]);

describe('a flush under way', () => {
  it('holds back what comes after it, and nothing is lost by that', () => {
    const post = begun();
    post.driver.submit(bytesOfText('mine'));
    post.answer('sign');
    expect(post.pending.map(({ what }) => what)).toEqual(['flush']);
    const before = post.sent.length;
    post.driver.receive(seatOf(1), bundle(commitOf(1)));
    post.driver.receive(seatOf(2), bundle(commitOf(2)));
    while (post.answer('verify'));
    expect(post.sent.length, 'the COMMIT waits for the disk').toBe(before);
    post.settle();
    expect(post.acts.filter((act) => act === 'persist open').length).toBe(1);
    expect(post.driver.session.lockstep?.ownSet).not.toBeNull();
  });
});

describe('a round', () => {
  it('is final when it is durable, also if the game gives no input for the next', () => {
    const posts = table(prng(4), 3);
    for (const post of posts) post.settle();
    const [post] = posts as [Post];
    expect(post.finals.length).toBe(post.acts.filter((act) => act === 'advance').length);
    expect(post.finals.length).toBeGreaterThanOrEqual(3);
  });
});

describe('inputs', () => {
  it('of those that are given before one is wanted, the last counts', () => {
    const post = new Post(0, begun().flushed);
    for (const text of ['first', 'second', 'third']) post.driver.submit(bytesOfText(text));
    post.driver.start();
    post.settle();
    expect(post.driver.session.lockstep?.own?.input).toEqual(bytesOfText('third'));
  });

  it('what is given after the COMMIT is for the round after', () => {
    const post = begun();
    post.driver.submit(bytesOfText('one'));
    post.driver.submit(bytesOfText('two'));
    post.settle();
    expect(post.driver.session.lockstep?.own?.input).toEqual(bytesOfText('one'));
    expect(post.written.concat(post.flushed).filter(({ type }) => type === 'commit').length).toBe(1);
  });

  it('each COMMIT has a salt of its own and the digest of the state before', () => {
    const [post] = table(prng(3), 4) as [Post];
    const commits = post.flushed.flatMap((record) => (record.type === 'commit' ? [record] : []));
    expect(new Set(commits.map(({ reveal }) => String(reveal.salt))).size).toBe(commits.length);
    for (const { commit, state } of commits) expect(state).toEqual(post.digests[commit.round - 1]);
  });

  it('the time at which the COMMIT leaves is kept, for measuring', () => {
    const post = begun();
    expect(post.driver.commitLeftAt(1)).toBeNull();
    post.now = 777;
    post.driver.submit(bytesOfText('one'));
    expect(post.driver.commitLeftAt(1)).toBeNull();
    post.now = 999;
    post.settle();
    expect(post.driver.commitLeftAt(1)).toBe(999);
    expect(post.driver.commitLeftAt(2)).toBeNull();
  });
});

describe('signatures under way', () => {
  it('of one player are bounded: what comes beyond is dropped by name, and keeps nobody else out', () => {
    const post = begun();
    const many = Array.from({ length: 400 }, (_, index) =>
      packet(of, 1, { kind: 'wish', epoch: 0, index, target: 2, round: 1 }),
    );
    for (const each of many) post.driver.receive(seatOf(1), bundle(each));
    expect(post.pending.filter(({ what }) => what === 'verify').length).toBe(64);
    expect(post.driver.counts.refused.busy).toBe(400 - 64);
    post.driver.receive(seatOf(2), bundle(commitOf(2)));
    expect(post.pending.length).toBe(65);
    post.settle();
    expect(post.driver.session.lockstep?.now.commits[2]).not.toBeNull();
    post.driver.receive(seatOf(1), bundle(commitOf(1)));
    post.settle();
    expect(post.driver.session.lockstep?.now.commits[1]).not.toBeNull();
    expect(post.driver.counts.refused.busy).toBe(400 - 64);
  });

  it('a bad signature is counted, and its neighbours in the datagram are taken', () => {
    const post = begun();
    const forged = commitOf(1).bytes.slice();
    forged[forged.length - 40] = (forged[forged.length - 40] as number) ^ 1;
    post.driver.receive(seatOf(1), bundle({ bytes: forged }, commitOf(2)));
    post.settle();
    expect(post.driver.counts.refused).toEqual({ signature: 1 });
    expect(post.driver.session.lockstep?.now.commits.map((each) => each !== null)).toEqual([
      false,
      false,
      true,
    ]);
  });
});

describe('after stop', () => {
  const busy = (): Post => {
    const post = begun();
    post.driver.submit(bytesOfText('mine'));
    post.driver.receive(seatOf(1), bundle(commitOf(1)));
    return post;
  };

  it.each(['sign', 'verify'] as const)('an answer to %s that comes late does nothing', (what) => {
    const post = busy();
    post.driver.stop();
    const [acts, session] = [post.acts.length, post.driver.session];
    expect(post.answer(what)).toBe(true);
    expect(post.acts.length).toBe(acts);
    expect(post.driver.session).toBe(session);
  });

  it('nor does one to flush: nothing leaves any more', () => {
    const post = busy();
    post.answer('sign');
    expect(post.pending.some(({ what }) => what === 'flush')).toBe(true);
    post.driver.stop();
    const acts = post.acts.length;
    post.settle();
    expect(post.acts.length).toBe(acts);
  });

  it('nor anything else', () => {
    const post = busy();
    post.settle();
    post.driver.stop();
    const { acts, driver } = post;
    const [before, session, counts] = [acts.length, driver.session, JSON.stringify(driver.counts)];
    post.now = 10_000_000;
    driver.tick();
    driver.submit(bytesOfText('late'));
    driver.receive(seatOf(2), bundle(commitOf(2)));
    driver.dispatch({ type: 'leave', at: post.now });
    expect(acts.length).toBe(before);
    expect(driver.session).toBe(session);
    expect(JSON.stringify(driver.counts)).toBe(counts);
  });
});

describe('from a log', () => {
  it('the rounds are played again before anything else, and then the game goes on', () => {
    const [live] = table(prng(5), 6) as [Post];
    const rounds = live.flushed.filter(({ type }) => type === 'advance').length;
    const post = new Post(0, live.flushed);
    post.driver.start();
    expect(post.acts.slice(0, rounds + 1)).toEqual(['begin', ...new Array<string>(rounds).fill('again')]);
    expect(post.digests).toEqual(live.digests.slice(0, rounds + 1));
    post.settle();
    expect(post.sent.some(({ datagram }) => datagram[1] === HELLO)).toBe(true);
  });
});

describe('counts', () => {
  it('are of what came, left, was signed and was verified', () => {
    const post = begun();
    const { signed, datagramsOut } = post.driver.counts;
    expect([signed, datagramsOut]).toEqual([1, 2]);
    const datagram = bundle(commitOf(1));
    post.driver.receive(seatOf(1), datagram);
    post.driver.receive(seatOf(1), Uint8Array.of(1));
    post.settle();
    expect(post.driver.counts).toMatchObject({
      datagramsIn: 2,
      bytesIn: datagram.length + 1,
      verified: 1,
      refused: { length: 1 },
    });
    expect(post.driver.counts.bytesOut).toBe(post.sent.reduce((all, each) => all + each.datagram.length, 0));
  });
});
