/**
 * Quote assets of Binance spot. A recording without its list of instruments gives only `BTCUSDT`; the longest known quote
 * at its end splits it. A name that none fits stays whole. AEUR is left out: ADAEUR is ADA in EUR.
 */
const QUOTES = (
  'USDT BUSD USDC FDUSD TUSD USDP PAX USDS USD1 USDE DAI VAI UST EURI BTC ETH BNB XRP TRX DOGE DOT SOL ' +
  'EUR GBP AUD TRY BRL RUB UAH NGN ZAR IDRT BIDR BVND PLN RON ARS JPY MXN COP CZK'
)
  .split(' ')
  .sort((a, b) => b.length - a.length);

export function guessSymbol(instrument: string): string {
  const quote = QUOTES.find((one) => instrument.endsWith(one) && instrument.length > one.length);
  return quote === undefined ? instrument : `${instrument.slice(0, -quote.length)}-${quote}`;
}
