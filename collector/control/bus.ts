/** What control needs of core NATS; `nats-bus.ts` makes it of a connection, tests of a list. */
export interface ControlBus {
  /** False: nothing is handed to the client, whose buffer has no bound. */
  readonly connected: boolean;
  /** `reply` is undefined when the sender wants none. The returned function ends the subscription. */
  subscribe(subject: string, onMessage: (message: BusMessage) => void): () => void;
  publish(subject: string, payload: string): void;
  /** Every reply within the time; none when nobody answers or the connection is away. */
  requestMany(subject: string, payload: string, waitMs: number): Promise<readonly string[]>;
  /** Resolves when what was published reached the server, or the connection is away. */
  flush(): Promise<void>;
}

export interface BusMessage {
  readonly payload: string;
  readonly respond: (payload: string) => void;
}
