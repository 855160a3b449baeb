/** What a log is: records that survive a crash, in order, held by one process at a time. */

/** The longest record, in bytes. */
export const RECORD_BYTES_MAX: number = 2 ** 20;

export interface Log {
  /** Shown in messages: a path, or "memory". */
  readonly name: string;
  /** The records of earlier runs, oldest first; as they were when the log was opened. */
  readonly records: readonly Uint8Array[];
  /**
   * Adds a copy of a record, of 0 bytes to {@link RECORD_BYTES_MAX}; durable only after the next
   * {@link flush}. Throws a RangeError on a longer one, and an Error when the log is closed or has failed.
   */
  append(record: Uint8Array): void;
  /**
   * Returns (or resolves) when every appended record would survive a crash. Throws if it cannot be; from then
   * on so does every call, as nobody knows what became durable. What was not flushed must not be acted on.
   */
  flush(): void | Promise<void>;
  /** Flushes, and gives up the lock, which it does even when it rejects. May be called twice. */
  close(): Promise<void>;
}

/** Opens a log when a session is created; rejects if it is locked, damaged or older than its boot counter. */
export type LogFactory = () => Promise<Log>;

/** A copy of a record that may be appended. Throws a RangeError when it is too long. */
export function copyRecord(record: Uint8Array): Uint8Array {
  if (record.length > RECORD_BYTES_MAX) {
    throw new RangeError(`a log record has at most ${RECORD_BYTES_MAX} bytes, not ${record.length}`);
  }
  return new Uint8Array(record);
}
