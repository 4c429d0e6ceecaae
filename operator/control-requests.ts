import { createInbox, type NatsConnection } from '@nats-io/nats-core';
import { OPERATOR_INBOX } from '../contract/control.ts';

/** One request, several answers; what the pusher and the settler need of core NATS. */
export interface ControlRequests {
  /** Resolves with the number of replies: when `enough` says so, or the time is up, or there is no connection. */
  gather(
    subject: string,
    payload: string,
    options: { readonly waitMs: number; readonly enough: (reply: string) => boolean },
  ): Promise<number>;
}

/** An inbox of its own a request, because the library's `requestMany` cannot be ended by what a reply says. */
export function natsRequests(connection: () => NatsConnection | undefined): ControlRequests {
  return {
    async gather(subject, payload, { waitMs, enough }) {
      const nats = connection();
      if (nats === undefined) return 0;
      const inbox = createInbox(OPERATOR_INBOX);
      let replies = 0;
      const subscription = nats.subscribe(inbox, { timeout: waitMs });
      nats.publish(subject, payload, { reply: inbox });
      try {
        for await (const message of subscription) {
          // No responders: the server says at once that nobody listens.
          if (message.headers?.code === 503) break;
          replies += 1;
          // The timeout counts up to the first reply; from then on the deadline below ends it.
          if (replies === 1) deadline(subscription, waitMs);
          if (enough(message.string())) break;
        }
      } catch {
        // The time is up without a reply, or the connection went: the caller asks again.
        return replies;
      } finally {
        subscription.unsubscribe();
      }
      return replies;
    },
  };
}

function deadline(subscription: { unsubscribe(): void }, waitMs: number): void {
  setTimeout(() => subscription.unsubscribe(), waitMs).unref();
}
