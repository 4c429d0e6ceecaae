"""Counts the trades that a stream lacks where the venue counts them without holes, by the rule of docs/consume.md.

pip install -r examples/requirements.txt
python examples/trades.py nats://localhost:4222 MARKET_DATA
"""

import asyncio, json, sys
import nats


def on_trade(r, seen):
    if "sequence" in r or (r["exchange"] == "binance" and "aggregated" not in r):
        last = int(r.get("sequence", r["id"]))
        begin = int(r.get("skippedFrom", last))  # ids that the venue gave to what is no trade
        seen.setdefault("first", begin)
        seen["ids"].update(range(max(begin, seen["first"]), last + 1))


async def main(server, stream):
    connection, trades = await nats.connect(server), {}
    js = connection.jetstream()
    left = (await js.stream_info(stream)).state.messages
    records = await js.subscribe(">", stream=stream, ordered_consumer=True) if left else None
    while left:
        message = await records.next_msg(timeout=30)
        left, r = message.metadata.num_pending, json.loads(message.data)
        if r["type"] == "trade":
            on_trade(r, trades.setdefault(message.subject, {"ids": set()}))
    await connection.close()
    print(json.dumps({s: max(t["ids"]) - t["first"] + 1 - len(t["ids"]) for s, t in trades.items() if t["ids"]}))


asyncio.run(main(*sys.argv[1:]))
