/**
 * The options of a session, checked before anything starts: every error names the option and the remedy.
 */

import { compareBytes, equalBytes, toHex } from '../base/bytes.ts';
import { type Seat, seatOf } from '../base/ids.ts';
import { admissibleKey } from '../crypto/signature.ts';
import { encodeAgreement } from '../protocol/handshake.ts';
import type { Transport } from '../transport/transport.ts';
import { AGREEMENT_BYTES_MAX, DATAGRAM_BYTES_MAX, PLAYERS_MAX, PLAYERS_MIN } from '../wire/limits.ts';
import { type PlayerOption, type SessionOptions, wrongProtocol } from './options.ts';

/** Options in the form in which the session uses them. */
export interface CheckedOptions {
  readonly keys: readonly Uint8Array[];
  /** By seat, in the transport's canonical form. */
  readonly addresses: readonly string[];
  readonly me: Seat;
  readonly agreement: Uint8Array;
  readonly handshakeMs: number;
}

function must(holds: unknown, rule: string): void {
  if (!holds) throw new TypeError(`createSession: ${rule}`);
}

function checkParts<State, Input>(options: SessionOptions<State, Input>): void {
  must(typeof options === 'object' && options !== null, 'options must be an object');
  const { game, identity, keyring = identity?.keyring, transport, log, protocol } = options;
  must(typeof game?.advance === 'function', 'game must come from defineGame(...)');
  const key: unknown = identity?.publicKey;
  must(
    key instanceof Uint8Array && key.length === 32 && typeof identity.sign === 'function',
    'identity must come from generateIdentity() or importIdentity(bytes)',
  );
  must(
    admissibleKey(identity.publicKey),
    'identity has a malformed public key; make one with generateIdentity()',
  );
  must(
    typeof transport?.send === 'function' && typeof transport.receive === 'function',
    'transport must be a transport, such as await udp({ port })',
  );
  must(
    transport.datagramBytesMax >= DATAGRAM_BYTES_MAX,
    `transport must carry datagrams of ${DATAGRAM_BYTES_MAX} bytes; ` +
      `this one carries ${transport.datagramBytesMax}`,
  );
  must(typeof log === 'function', 'log must be a log, such as fileLog(path), or memoryLog() to keep nothing');
  must(
    typeof keyring?.verify === 'function',
    'keyring must be a keyring, such as that of fairstep/keyring/node, or left out',
  );
  const wrong = wrongProtocol(protocol);
  must(wrong === null, String(wrong));
}

function canonical(transport: Transport, option: string, address: string): string {
  try {
    return transport.canonical(address);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new TypeError(`createSession: ${option}: ${reason}`, { cause });
  }
}

function checkPlayers(players: readonly PlayerOption[], transport: Transport): readonly PlayerOption[] {
  must(Array.isArray(players), 'players must be an array of { publicKey, address }');
  must(
    players.length >= PLAYERS_MIN && players.length <= PLAYERS_MAX,
    `players must be ${PLAYERS_MIN} to ${PLAYERS_MAX}; got ${players.length}`,
  );
  const seated = players.map((player, index): PlayerOption => {
    const at = `players[${index}]`;
    const key: unknown = player?.publicKey;
    must(key instanceof Uint8Array && key.length === 32, `${at}.publicKey must be 32 bytes`);
    must(admissibleKey(player.publicKey), `${at}.publicKey is not a key that anybody can have made`);
    must(typeof player.address === 'string', `${at}.address must be a string`);
    const address = canonical(transport, `${at}.address`, player.address);
    return { publicKey: new Uint8Array(player.publicKey), address };
  });
  seated.sort((a, b) => compareBytes(a.publicKey, b.publicKey));
  for (const [seat, player] of seated.entries()) {
    const next = seated[seat + 1];
    const name = toHex(player.publicKey).slice(0, 8);
    must(!next || !equalBytes(player.publicKey, next.publicKey), `players holds the key ${name}… twice`);
    const twin = seated.findIndex((other) => other.address === player.address);
    must(twin === seat, `players has two at the address ${player.address}; each needs its own`);
  }
  return seated;
}

/** Checks everything that can be checked at once. Throws a TypeError or RangeError that names the option. */
export function checkOptions<State, Input>(options: SessionOptions<State, Input>): CheckedOptions {
  checkParts(options);
  const { game, identity, transport, protocol, handshakeMs = 30_000, record = true } = options;
  must(typeof record === 'boolean', 'record must be true or false');
  must(typeof handshakeMs === 'number', 'handshakeMs must be a number (milliseconds)');
  must(
    handshakeMs > 0,
    `handshakeMs must be above 0 (milliseconds), or Infinity; got ${String(handshakeMs)}`,
  );
  const seated = checkPlayers(options.players, transport);
  const me = seated.findIndex(({ publicKey }) => equalBytes(publicKey, identity.publicKey));
  const own = toHex(identity.publicKey).slice(0, 8);
  must(
    me >= 0,
    `players does not include this identity (${own}…); add { publicKey: identity.publicKey, address }`,
  );
  const agreement = encodeAgreement({
    game: { id: game.id, version: game.version, rules: game.rules },
    protocol: { name: protocol.name, parameters: { ...protocol.parameters } },
  });
  must(
    agreement.length <= AGREEMENT_BYTES_MAX,
    `game and protocol take ${agreement.length} bytes in the handshake, more than ${AGREEMENT_BYTES_MAX}; ` +
      'shorten game.rules',
  );
  return {
    keys: seated.map(({ publicKey }) => publicKey),
    addresses: seated.map(({ address }) => address),
    me: seatOf(me),
    agreement,
    handshakeMs,
  };
}
