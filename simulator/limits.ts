/**
 * What a venue allows and how it times things. True milliseconds: they do not scale with the market's speed.
 * Infinite where the venue has no such rule. Tests pass smaller figures.
 */
export interface VenueLimits {
  readonly pingEveryMs: number;
  /** A ping left unanswered for this long ends the connection. */
  readonly pongWithinMs: number;
  /** Without a message either way for this long the connection ends. */
  readonly silenceMs: number;
  readonly connectionLifeMs: number;
  /** Text, ping and pong frames of the client together. */
  readonly clientMessagesPerSecond: number;
  readonly streamsPerConnection: number;
  /** Of one address, within the connect window. */
  readonly connectsPerWindow: number;
  readonly connectWindowMs: number;
  readonly weightPerMinute: number;
  /** Requests sent on after a 429 before the address is banned. */
  readonly ignored429: number;
  readonly banMs: number;
  /** Unsent bytes at which a reader is too slow and is closed; the venues' own figures are not published. */
  readonly sendBufferBytes: number;
  readonly connections: number;
}
