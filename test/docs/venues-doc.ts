import { VENUES } from '../../collector/venues/registry.ts';
import type { StreamSource } from '../../collector/venues/source.ts';

const seconds = (ms: number): string => `${ms / 1_000} s`;

const pace = ({ pace }: StreamSource): string =>
  pace.kind === 'polled' ? `polled, ${seconds(pace.everyMs)}` : pace.every;

const verified = ({ checks }: StreamSource): string =>
  checks.length === 0 ? '_unverifiable_' : checks.map(({ by, rule }) => `${by}: ${rule}`).join('; ');

const cell = (text: string): string => text.replaceAll('<', String.raw`\<`);

function rows(): readonly string[] {
  return VENUES.flatMap(({ exchange, market, settle, sources }) =>
    Object.entries(sources).map(([stream, source]) => {
      const cells = [
        exchange,
        settle === null ? market : `${market} (${settle})`,
        stream,
        source.channel,
        pace(source),
        verified(source),
        source.units,
        source.login ?? 'no',
      ];
      return `| ${cells.map(cell).join(' | ')} |`;
    }),
  );
}

/** `docs/venues.md`, from what the venues say of their streams. */
export function venuesText(): string {
  return `# Venues, stream by stream

Printed from the code (\`make gen\`). What is not here is refused in words.

- **verified**: how a loss or a wrong value is seen. _sequence_: ids say on the next frame whether something is missing.
  _checksum_: the venue's own sum over its book equals ours. _top_: its best bid and ask equal ours at the same id.
  _audit_: its REST answer is compared now and then. _unverifiable_: the venue gives nothing to see a loss with; only the
  connection is watched.
- **units**: what the numbers count. A record says \`sizeUnit\` itself; contract sizes are in the venue's catalogue.

| exchange | market | stream | source | pace | verified | units | login |
|---|---|---|---|---|---|---|---|
${rows().join('\n')}

## Binance options: what is not proven

Built from the venue's documentation of 2026 and from what others measured; there is no recording of it to test on.

- That \`pu\` chains and \`lastUpdateId\` joins them is the venue's own procedure. A book that breaks it is seen and begins
  anew; that it never does, only the venue shows.
- A block trade (\`marks: ["block"]\`) comes in the stream and not in the list by REST: one that is lost is not missed.
- The weight of REST is held at 400 a minute and address (documented: 2,400). A book of 1,000 levels costs 20 of it, one of 50
  costs 1: with many options set \`orderbook.restDepth: 50\`.
- Marks and summaries come for all options of an underlying in one message, some 250 KB a second for BTC, whatever is
  collected of them.
- Underlyings quoted in anything but USDT are listed and not collected. Open interest is not collected: the documentation
  names its stream in two ways.
`;
}
