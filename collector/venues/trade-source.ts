import type { Malformed, RestRequest, TradeFrame } from './venue.ts';

/** What a venue's market says of its single trades, and where they can be had again without a login. */
export interface TradeSource {
  /** `consecutive`: the venue counts without holes. `increasing`: no source says so; a jump proves nothing. */
  readonly ids: 'consecutive' | 'increasing';
  /**
   * How an answer lies to what was asked for. `ascending`: it begins at `fromId`; `descending`: it ends at `toId`;
   * `newest`: there is one answer only, the venue's last trades.
   */
  readonly pages: 'ascending' | 'descending' | 'newest';
  /** The list leaves out what is no trade: an id that it lacks between two of its own is none. */
  readonly leavesOutNoTrades: boolean;
  /** Most trades of an answer. */
  readonly pageSize: number;
  /** Both ends are trades that are held: an answer that names them proves what lies between. */
  request(instrument: string, fromId: number, toId: number): RestRequest;
  /** In any order. */
  decode(text: string, instrument: string): readonly TradeFrame[] | Malformed;
}
