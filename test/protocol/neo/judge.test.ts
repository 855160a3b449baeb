import { describe, expect, it } from 'vitest';
import { judgePacket } from '../../../src/protocol/neo/judge.ts';
import type { Packet } from '../../../src/wire/packet.ts';
import type { StatementKind } from '../../../src/wire/statement.ts';
import { circle, mingle, moveOf, Person, packetOf, vectorsOf, without } from './circle.ts';

const isA = (packet: Packet, kind: StatementKind): boolean =>
  packet.entries.some(({ statement }) => statement?.kind === kind);

function three(all: readonly Person[]): [Person, Person, Person] {
  return all.slice(0, 3) as [Person, Person, Person];
}

describe('a packet', () => {
  it('is refused where it is of no use', () => {
    const { neo } = new Person(4, 0).give();
    const [commit] = moveOf(1, 'x');
    const [ahead] = moveOf(1, 'x', 4);
    const [elsewhere] = moveOf(1, 'x', 1, 1);
    expect(judgePacket(neo, packetOf(1, [commit]))).toBeNull();
    expect(judgePacket(neo, packetOf(1, [ahead]))).toBe('ahead');
    expect(judgePacket(neo, packetOf(1, [elsewhere]))).toBe('sender');
    expect(judgePacket(neo, packetOf(5, [commit]))).toBe('sender');
    expect(judgePacket(neo, packetOf(1, [{ kind: 'leave', epoch: 0, advanced: 0 } as never]))).toBe('shape');
    expect(judgePacket(neo, packetOf(1, [ahead, commit]))).toBeNull();
  });

  it('is a duplicate when all of it is held', () => {
    const person = new Person(4, 0).give();
    const packet = packetOf(1, [moveOf(1, 'x')[0]]);
    person.hear(packet);
    expect(judgePacket(person.neo, packet)).toBe('duplicate');
    expect(judgePacket(person.neo, packetOf(1, [moveOf(1, 'y')[0]]))).toBeNull();
  });

  it('is none while the hashes that it names are not known', () => {
    const all = circle(4);
    const [p, b, q] = three(all);
    for (const each of [p, b, q]) each.give();
    const [h1] = moveOf(3, 'x');
    const [h2] = moveOf(3, 'y');
    p.hear(packetOf(3, [h1]));
    q.hear(packetOf(3, [h2]));
    mingle([p, b, q], (from, _to, packet) => (from === 0 ? without(packet, 'vote', 'reveal') : packet));
    const vote = p.signed.find((each) => isA(each, 'vote')) as (typeof p.signed)[number];
    q.hear(vote);
    expect(q.round().votes[0]?.hashes).toBeNull();
    expect(judgePacket(q.neo, vote)).toBeNull();
    q.hear({ packet: vote, vectors: vectorsOf(p.neo) });
    expect(q.round().votes[0]?.hashes).not.toBeNull();
  });
});
