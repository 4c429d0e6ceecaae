/** The requests of an OKX connection. */

const TARGETS = ['instId', 'instFamily', 'instType'] as const;
export type TargetKey = (typeof TARGETS)[number];

export interface ChannelArgument {
  readonly channel: string;
  /** What the channel is of: of `instId`, `instFamily`, `instType` the one that was given; undefined: none. */
  readonly of: { readonly key: TargetKey; readonly name: string } | undefined;
  /** As it was sent, for the answer. */
  readonly sent: unknown;
}

export type OkxRequest =
  | { readonly kind: 'ping' }
  | {
      readonly kind: 'subscribe' | 'unsubscribe';
      readonly id: string | undefined;
      readonly channels: readonly ChannelArgument[];
    }
  | { readonly kind: 'malformed'; readonly id: string | undefined };

export function parseOkxRequest(text: string): OkxRequest {
  if (text === 'ping') return { kind: 'ping' };
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return { kind: 'malformed', id: undefined };
  }
  const { id: givenId, op, args } = (parsed ?? {}) as Readonly<Record<string, unknown>>;
  const id = typeof givenId === 'string' && /^[A-Za-z0-9]{1,32}$/.test(givenId) ? givenId : undefined;
  if (givenId !== undefined && id === undefined) return { kind: 'malformed', id };
  if ((op !== 'subscribe' && op !== 'unsubscribe') || !Array.isArray(args) || args.length === 0) {
    return { kind: 'malformed', id };
  }
  const channels = args.map(channelOf);
  return channels.every((channel) => channel !== undefined)
    ? { kind: op, id, channels }
    : { kind: 'malformed', id };
}

function channelOf(argument: unknown): ChannelArgument | undefined {
  if (typeof argument !== 'object' || argument === null) return undefined;
  const fields = argument as Readonly<Record<string, unknown>>;
  const { channel } = fields;
  // The narrowest counts: `option-trades` takes a type and a family.
  const key = TARGETS.find((one) => fields[one] !== undefined);
  const name = key === undefined ? '' : fields[key];
  if (typeof channel !== 'string' || typeof name !== 'string') return undefined;
  return { channel, of: key === undefined ? undefined : { key, name }, sent: argument };
}
