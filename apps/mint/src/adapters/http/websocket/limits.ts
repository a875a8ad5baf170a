export interface SocketLimits {
  /** Of this process. */
  readonly connectionsMax: number;
  /** Of one message of a wallet; a longer one closes with 1009. */
  readonly frameBytesMax: number;
  /** Messages of all wallets that are answered at the same time: each may ask the database for a hundred states. */
  readonly answeredAtOnceMax: number;
  /** Messages of a wallet that wait for their turn. */
  readonly inboxMax: number;
  /** Messages to a wallet that it has not taken: then it is closed with 1013. */
  readonly queuedMessagesMax: number;
  readonly queuedBytesMax: number;
  /** Of all wallets together; beyond it whoever has more than `queuedBytesFair` is closed. */
  readonly queuedBytesTotalMax: number;
  readonly queuedBytesFair: number;
  /** A wallet that has so many messages to take is not listened to. */
  readonly queuedMessagesBusy: number;
  /** Who does not answer a ping until the next one is gone. */
  readonly pingMs: number;
  /** A connection without subscription is closed. */
  readonly idleMs: number;
  /** For the other side's half of a close. */
  readonly closeMs: number;
}

/** 03-mint section 8, and what keeps memory flat whatever wallets do. */
export const SOCKET_LIMITS: SocketLimits = {
  connectionsMax: 10_000,
  frameBytesMax: 65_536,
  answeredAtOnceMax: 4,
  inboxMax: 256,
  queuedMessagesMax: 1_000,
  queuedBytesMax: 2_097_152,
  queuedBytesTotalMax: 134_217_728,
  queuedBytesFair: 16_384,
  queuedMessagesBusy: 200,
  pingMs: 30_000,
  idleMs: 600_000,
  closeMs: 1_000,
};
